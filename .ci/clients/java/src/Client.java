import java.util.Scanner;
import java.util.regex.Pattern;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.interceptor.Context;
import software.amazon.awssdk.core.interceptor.ExecutionAttributes;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.core.util.VersionInfo;
import software.amazon.awssdk.services.sts.StsClient;

/** Signs once for each line of standard input, with one client. What every client prints stands in ../../README.md. */
public final class Client {
    private static final Pattern CREDENTIAL = Pattern.compile("Credential=(\\w+)");

    public static void main(String[] arguments) {
        System.out.printf("{\"version\": %s}%n", quoted(VersionInfo.SDK_VERSION));
        SignedBy signedBy = new SignedBy();
        StsClient client = StsClient.builder().overrideConfiguration(it -> it.addExecutionInterceptor(signedBy)).build();
        for (Scanner input = new Scanner(System.in); input.hasNextLine(); input.nextLine()) {
            System.out.println(sign(client, signedBy));
        }
    }

    private static String sign(StsClient client, SignedBy signedBy) {
        try {
            var identity = client.getCallerIdentity();
            return "{\"ok\": true, \"access_key_id\": %s, \"arn\": %s, \"account\": %s}"
                    .formatted(quoted(signedBy.accessKeyId), quoted(identity.arn()), quoted(identity.account()));
        } catch (SdkException error) {
            return "{\"ok\": false, \"error\": %s}".formatted(quoted(error.toString()));
        }
    }

    /** As JSON: backslashes, quotes and control characters are escaped. */
    private static String quoted(String text) {
        Pattern special = Pattern.compile("[\\\\\"\\p{Cntrl}]");
        return '"' + special.matcher(text).replaceAll(found -> "\\\\u%04x".formatted((int) found.group().charAt(0))) + '"';
    }

    /** Remembers the key of the last request. */
    private static final class SignedBy implements ExecutionInterceptor {
        private String accessKeyId;

        @Override
        public void beforeTransmission(Context.BeforeTransmission context, ExecutionAttributes attributes) {
            String header = context.httpRequest().firstMatchingHeader("Authorization").orElseThrow();
            accessKeyId = CREDENTIAL.matcher(header).results().map(match -> match.group(1)).findFirst().orElseThrow();
        }
    }
}
