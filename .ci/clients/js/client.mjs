// Signs once for each line of standard input, with one client. What every client prints stands in ../README.md.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const say = (line) => console.log(JSON.stringify(line));
const client = new STSClient({});

let signedBy;
client.middlewareStack.addRelativeTo(
  (next) => (args) => {
    signedBy = args.request.headers.authorization.match(/Credential=(\w+)/)[1];
    return next(args);
  },
  { relation: "after", toMiddleware: "httpSigningMiddleware", name: "signedBy" },
);

say({ version: createRequire(import.meta.url)("@aws-sdk/client-sts/package.json").version });
for await (const _ of createInterface({ input: process.stdin })) {
  try {
    const { Arn: arn, Account: account } = await client.send(new GetCallerIdentityCommand({}));
    say({ ok: true, access_key_id: signedBy, arn, account });
  } catch (error) {
    say({ ok: false, error: `${error.name}: ${error.message}` });
  }
}
