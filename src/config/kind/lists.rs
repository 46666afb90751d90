use crate::aws::{
    Arn, Invalid, ProvidedContext, ProvidedContexts, SessionPolicies, Tag, TagKey, TagList, TagValue, Tags,
};
use crate::config::keys::{
    CONTEXT_ASSERTION, POLICY, POLICY_ARNS, PROVIDED_CONTEXTS, PROVIDER_ARN, TAGS, TRANSITIVE_TAG_KEYS,
};
use crate::config::mistake::Reported;
use crate::config::table::Table;

/// The session policies.
pub(super) fn policies(table: &Table<'_>) -> Result<SessionPolicies, Reported> {
    let policy = table.string(&POLICY, |text| text.parse().map_err(|Invalid(rule)| rule));
    let arns = table.strings(&POLICY_ARNS, |text| text.parse().map_err(|Invalid(rule)| rule));
    let arns = arns?.unwrap_or_default();
    SessionPolicies::new(policy?, arns).map_err(|Invalid(rule)| table.report(&POLICY_ARNS, rule))
}

/// `tags` and `transitive_tag_keys`.
pub(super) fn tags(table: &Table<'_>) -> Result<Tags, Reported> {
    let tags = tag_list(table);
    let transitive = table.strings(&TRANSITIVE_TAG_KEYS, |text| text.parse().map_err(|Invalid(rule)| rule));
    let (tags, transitive) = (tags?, transitive?.unwrap_or_default());
    Tags::new(tags.as_slice().to_vec(), transitive).map_err(|Invalid(rule)| table.report(&TRANSITIVE_TAG_KEYS, rule))
}

/// `tags` alone.
pub(super) fn tag_list(table: &Table<'_>) -> Result<TagList, Reported> {
    let key = |text: &str| text.parse().map_err(|Invalid(rule)| rule);
    let value = |text: &str| text.parse().map_err(|Invalid(rule)| rule);
    let tags: Option<Vec<(TagKey, TagValue)>> = table.named_strings(&TAGS, key, value)?;
    let tags = tags.unwrap_or_default().into_iter();
    let tags: Vec<_> = tags.map(|(key, value)| Tag { key, value }).collect();
    TagList::try_from(tags).map_err(|Invalid(rule)| table.report(&TAGS, rule))
}

/// The context assertions.
pub(super) fn provided_contexts(table: &Table<'_>) -> Result<ProvidedContexts, Reported> {
    let contexts = table.tables(&PROVIDED_CONTEXTS)?.unwrap_or_default();
    if contexts.len() > 5 {
        return Err(table.report(&PROVIDED_CONTEXTS, PROVIDED_CONTEXTS.must));
    }
    let contexts: Vec<_> = contexts
        .into_iter()
        .map(|context| provided_context(&context?))
        .collect();
    let contexts: Vec<_> = contexts.into_iter().collect::<Result<_, _>>()?;
    ProvidedContexts::try_from(contexts).map_err(|Invalid(rule)| table.report(&PROVIDED_CONTEXTS, rule))
}

fn provided_context(table: &Table<'_>) -> Result<ProvidedContext, Reported> {
    let provider_arn = table.string(&PROVIDER_ARN, |text| match text.parse::<Arn>() {
        // `arnType` of the STS model has 20 characters at least.
        Ok(arn) if text.len() >= 20 => Ok(arn),
        _ => Err(PROVIDER_ARN.must),
    });
    let provider_arn = table.required(&PROVIDER_ARN, provider_arn);
    let context_assertion = table.string(&CONTEXT_ASSERTION, |text| {
        text.parse().map_err(|Invalid(_)| CONTEXT_ASSERTION.must)
    });
    let context_assertion = table.required(&CONTEXT_ASSERTION, context_assertion);
    Ok(ProvidedContext {
        provider_arn: provider_arn?,
        context_assertion: context_assertion?,
    })
}
