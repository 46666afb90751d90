use super::authorization_messages::Denial;
use super::callers::Identity;
use super::message::Response;
use super::xml::{self, Element};

/// An error of AWS: its status, its code and its very words.
///
/// The codes and statuses are those of the model of STS and of AWS's list of common errors; the texts are those that
/// AWS's SDKs report. <https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html>
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Error {
    pub(super) status: u16,
    pub(super) code: &'static str,
    /// AWS leaves the element out for some codes.
    pub(super) message: Option<String>,
    /// What was decided, for `DecodeAuthorizationMessage` to tell.
    pub(super) denial: Option<Box<Denial>>,
    namespace: &'static str,
}

impl Error {
    /// The caller is known and may not do this.
    pub(super) fn access_denied(message: &str) -> Self {
        Self::new(403, "AccessDenied", message)
    }

    /// No policy lets the caller do this with that.
    pub(super) fn not_authorized(caller: &Identity, action: &str, resource: &str) -> Self {
        let arn = caller.arn();
        let message = format!("User: {arn} is not authorized to perform: {action} on resource: {resource}");
        let denial = Denial {
            principal_id: caller.user_id(),
            principal_arn: arn,
            action: action.to_owned(),
            resource: resource.to_owned(),
            explicit: false,
        };
        Self {
            denial: Some(Box::new(denial)),
            ..Self::access_denied(&message)
        }
    }

    /// The action wants credentials of another kind.
    pub(super) fn session_credentials(action: &str) -> Self {
        Self::access_denied(&format!("Cannot call {action} with session credentials"))
    }

    /// A parameter broke a constraint of the model.
    pub(super) fn validation(message: impl Into<String>) -> Self {
        Self::new(400, "ValidationError", message)
    }

    /// A parameter contradicts another, or the caller's session.
    pub(super) fn invalid_parameter_value(message: &str) -> Self {
        Self::new(400, "InvalidParameterValue", message)
    }

    /// A session policy is no policy.
    pub(super) fn malformed_policy_document(message: &str) -> Self {
        Self::new(400, "MalformedPolicyDocument", message)
    }

    /// Session policies and tags are more than there is room for.
    pub(super) fn packed_policy_too_large(message: String) -> Self {
        Self::new(400, "PackedPolicyTooLarge", message)
    }

    /// The token or assertion of an identity provider is not good.
    pub(super) fn invalid_identity_token(message: &str) -> Self {
        Self::new(400, "InvalidIdentityToken", message)
    }

    /// The token or assertion of an identity provider is too old.
    pub(super) fn expired_identity(message: &str) -> Self {
        Self::new(400, "ExpiredTokenException", message)
    }

    /// The identity provider did not answer.
    pub(super) fn idp_communication() -> Self {
        let message = "The identity provider that was asked to verify the incoming identity token could not be reached";
        Self::new(400, "IDPCommunicationError", message)
    }

    /// The encoded message stands for nothing.
    pub(super) fn invalid_authorization_message() -> Self {
        Self::new(400, "InvalidAuthorizationMessageException", "Message is not valid")
    }

    /// The trade-in token is too old.
    pub(super) fn expired_trade_in_token() -> Self {
        let message = "The trade-in token provided in the request has expired";
        Self::new(400, "ExpiredTradeInTokenException", message)
    }

    /// The account did not turn `GetWebIdentityToken` on.
    pub(super) fn outbound_federation_disabled() -> Self {
        let message = "The outbound web identity federation feature is not enabled for this account";
        Self::new(403, "OutboundWebIdentityFederationDisabledException", message)
    }

    /// A web identity token would outlive the session that asks for it.
    pub(super) fn session_duration_escalation() -> Self {
        let message = "The requested token duration would extend the session beyond its original expiration time";
        Self::new(403, "SessionDurationEscalationException", message)
    }

    /// A web identity token would be too long.
    pub(super) fn jwt_payload_too_large() -> Self {
        let message = "The requested token payload size exceeds the maximum allowed size";
        Self::new(400, "JWTPayloadSizeExceededException", message)
    }

    /// A parameter is not of its type. AWS gives a text only where the value is empty.
    pub(super) fn malformed_input(message: Option<&str>) -> Self {
        Self {
            message: message.map(str::to_owned),
            ..Self::new(400, "MalformedInput", "")
        }
    }

    /// There is no such action in this version of the API.
    pub(super) fn invalid_action(action: &str, version: Option<&str>) -> Self {
        let version = version.unwrap_or("NO_VERSION_SPECIFIED");
        let message = format!("Could not find operation {action} for version {version}");
        Self {
            namespace: xml::AWS_FAULT,
            ..Self::new(400, "InvalidAction", message)
        }
    }

    /// The action is not known on the global endpoint.
    pub(super) fn unknown_operation() -> Self {
        Self::new(400, "InvalidAction", "Unknown Operation")
    }

    /// The request is not signed.
    pub(super) fn missing_authentication_token() -> Self {
        let message = "Request is missing Authentication Token";
        Self::new(403, "MissingAuthenticationToken", message)
    }

    /// The signature cannot be read.
    pub(super) fn incomplete_signature(message: String) -> Self {
        Self::new(400, "IncompleteSignature", message)
    }

    /// The signature is readable and wrong.
    pub(super) fn signature_does_not_match(message: impl Into<String>) -> Self {
        Self::new(403, "SignatureDoesNotMatch", message)
    }

    /// The access key is unknown or inactive, or the session token is not the one of this key.
    pub(super) fn invalid_client_token_id() -> Self {
        let message = "The security token included in the request is invalid.";
        Self::new(403, "InvalidClientTokenId", message)
    }

    /// The session is over.
    pub(super) fn expired_token() -> Self {
        let message = "The security token included in the request is expired";
        Self::new(403, "ExpiredToken", message)
    }

    /// Too many calls; 400 at STS, not 429.
    pub(super) fn throttling() -> Self {
        Self::new(400, "Throttling", "Rate exceeded")
    }

    /// AWS failed: 500.
    pub(super) fn internal_failure() -> Self {
        let message = "The request processing has failed because of an unknown error, exception or failure.";
        Self::new(500, "InternalFailure", message)
    }

    /// AWS failed: 503.
    pub(super) fn service_unavailable() -> Self {
        let message = "The request has failed due to a temporary failure of the server.";
        Self::new(503, "ServiceUnavailable", message)
    }

    /// The reply on the wire.
    pub(super) fn response(&self, request_id: &str) -> Response {
        let side = if self.status < 500 { "Sender" } else { "Receiver" };
        let mut error = vec![Element::text("Type", side), Element::text("Code", self.code)];
        error.extend(self.message.as_ref().map(|text| Element::text("Message", text)));
        let document = Element::parent(
            "ErrorResponse",
            vec![Element::parent("Error", error), Element::text("RequestId", request_id)],
        );
        Response::new(self.status, "text/xml", document.document(self.namespace))
    }

    fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: Some(message.into()),
            denial: None,
            namespace: xml::STS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(error: &Error) -> String {
        String::from_utf8(error.response("the-id").body).unwrap()
    }

    #[test]
    fn an_error_of_an_action_is_in_the_namespace_of_sts() {
        assert_eq!(
            body(&Error::throttling()),
            "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  <Error>\n    <Type>Sender</Type>\n    \
             <Code>Throttling</Code>\n    <Message>Rate exceeded</Message>\n  </Error>\n  \
             <RequestId>the-id</RequestId>\n</ErrorResponse>\n"
        );
    }

    #[test]
    fn an_unknown_action_is_in_the_namespace_of_faults() {
        assert_eq!(
            body(&Error::invalid_action("Nope", None)),
            "<ErrorResponse xmlns=\"http://webservices.amazon.com/AWSFault/2005-15-09\">\n  <Error>\n    \
             <Type>Sender</Type>\n    <Code>InvalidAction</Code>\n    \
             <Message>Could not find operation Nope for version NO_VERSION_SPECIFIED</Message>\n  </Error>\n  \
             <RequestId>the-id</RequestId>\n</ErrorResponse>\n"
        );
    }

    #[test]
    fn a_text_can_be_missing_and_a_failure_is_the_receivers() {
        assert!(!body(&Error::malformed_input(None)).contains("<Message>"));
        for error in [Error::internal_failure(), Error::service_unavailable()] {
            assert!(body(&error).contains("<Type>Receiver</Type>"));
        }
    }
}
