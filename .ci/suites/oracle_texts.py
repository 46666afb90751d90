"""What AWS says, as its users have reported it."""

WRONG_CODE = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
WRONG_DEVICE = (
    "MultiFactorAuthentication failed, unable to validate MFA code.  "
    "Please verify your MFA serial number is valid and associated with this user."
)
HALF = "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
WRONG_REGION = "Credential should be scoped to a valid region. "
INVALID = "The security token included in the request is invalid."
CONSTRAINT = "failed to satisfy constraint: Member must"
