use super::{Table, entries};
use crate::config::keys::Key;
use crate::config::mistake::Reported;
use crate::config::tree::{Node, Value};

/// Values that hold several. A mistake in one of them has its own place and the key's path.
impl<'t> Table<'t> {
    /// A list of strings; `parse` answers with the rule that one breaks.
    pub(in crate::config) fn strings<T>(
        &self,
        key: &Key,
        parse: impl Fn(&str) -> Result<T, &'static str>,
    ) -> Result<Option<Vec<T>>, Reported> {
        let Some(items) = self.items(key)? else {
            return Ok(None);
        };
        let parsed: Vec<_> = items.iter().map(|item| self.item(key, item, &parse)).collect();
        parsed.into_iter().collect::<Result<_, _>>().map(Some)
    }

    /// A list of integers; `parse` answers with the rule that one breaks.
    pub(in crate::config) fn integers<T>(
        &self,
        key: &Key,
        parse: impl Fn(i64) -> Result<T, &'static str>,
    ) -> Result<Option<Vec<T>>, Reported> {
        let Some(items) = self.items(key)? else {
            return Ok(None);
        };
        let item = |item: &Node| match &item.value {
            Value::Integer(number) => parse(*number).map_err(|rule| self.report_at(item.at, key, rule)),
            other => Err(self.report_at(item.at, key, format!("found {} in it; {}", other.kind(), key.must))),
        };
        let parsed: Vec<_> = items.iter().map(item).collect();
        parsed.into_iter().collect::<Result<_, _>>().map(Some)
    }

    /// A list of tables; each as far as it is right.
    pub(in crate::config) fn tables(&self, key: &Key) -> Result<Option<Vec<Result<Self, Reported>>>, Reported> {
        let path = self.path_of(key.name());
        let table = |item: &'t Node| {
            let entries = entries(item, &path, key.must, self.mistakes)?;
            Ok(Self::new(path.clone(), item.at, entries, key.path, self.mistakes))
        };
        Ok(self.items(key)?.map(|items| items.iter().map(table).collect()))
    }

    /// A table of strings under names of the user's own; `name` and `value` answer with the rule that one breaks.
    pub(in crate::config) fn named_strings<N, V>(
        &self,
        key: &Key,
        name: impl Fn(&str) -> Result<N, &'static str>,
        value: impl Fn(&str) -> Result<V, &'static str>,
    ) -> Result<Option<Vec<(N, V)>>, Reported> {
        let Some(entry) = self.find(key.name()) else {
            return Ok(None);
        };
        let entries = entries(&entry.node, &self.path_of(key.name()), key.must, self.mistakes)?;
        let read: Vec<_> = entries
            .iter()
            .map(|entry| {
                let name = name(&entry.name).map_err(|rule| self.report_at(entry.at, key, rule));
                let value = self.item(key, &entry.node, &value);
                Ok((name?, value?))
            })
            .collect();
        read.into_iter().collect::<Result<_, _>>().map(Some)
    }

    fn items(&self, key: &Key) -> Result<Option<&'t [Node]>, Reported> {
        match self.find(key.name()).map(|entry| &entry.node.value) {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items)),
            Some(other) => Err(self.report(key, format!("found {}; {}", other.kind(), key.must))),
        }
    }

    fn item<T>(&self, key: &Key, item: &Node, parse: impl Fn(&str) -> Result<T, &'static str>) -> Result<T, Reported> {
        match &item.value {
            Value::String(text) => parse(text.expose()).map_err(|rule| self.report_at(item.at, key, rule)),
            other => Err(self.report_at(item.at, key, format!("found {} in it; {}", other.kind(), key.must))),
        }
    }

    fn report_at(&self, at: usize, key: &Key, text: impl Into<String>) -> Reported {
        self.mistakes.report(at, &self.path_of(key.name()), text)
    }
}
