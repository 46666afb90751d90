// Signs once for each line of standard input, with one client. What every client prints stands in ../README.md.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"log"
	"os"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

type line struct {
	Version     string `json:"version,omitempty"`
	OK          bool   `json:"ok"`
	AccessKeyID string `json:"access_key_id,omitempty"`
	ARN         string `json:"arn,omitempty"`
	Account     string `json:"account,omitempty"`
	Error       string `json:"error,omitempty"`
}

func main() {
	output := json.NewEncoder(os.Stdout)
	output.Encode(line{Version: aws.SDKVersion})
	loaded, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	client := sts.NewFromConfig(loaded)
	for input := bufio.NewScanner(os.Stdin); input.Scan(); {
		output.Encode(sign(client))
	}
}

func sign(client *sts.Client) line {
	var signedBy string
	identity, err := client.GetCallerIdentity(context.Background(), nil, func(options *sts.Options) {
		options.APIOptions = append(options.APIOptions, remember(&signedBy))
	})
	if err != nil {
		return line{Error: err.Error()}
	}
	return line{OK: true, AccessKeyID: signedBy, ARN: *identity.Arn, Account: *identity.Account}
}

var credential = regexp.MustCompile(`Credential=(\w+)`)

// remember keeps the access key id that a request was signed by.
func remember(signedBy *string) func(*middleware.Stack) error {
	read := func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (middleware.FinalizeOutput, middleware.Metadata, error) {
		header := in.Request.(*smithyhttp.Request).Header.Get("Authorization")
		*signedBy = credential.FindStringSubmatch(header)[1]
		return next.HandleFinalize(ctx, in)
	}
	return func(stack *middleware.Stack) error {
		return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("signedBy", read), "Signing", middleware.After)
	}
}
