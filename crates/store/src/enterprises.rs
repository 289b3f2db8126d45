//! Enterprises: profiles by id.

use model::{Enterprise, EnterpriseId};

use crate::Store;
use crate::engine::{KeyRange, Table};
use crate::error::Result;
use crate::keys::check_id;
use crate::transaction::{Transaction, check_reads_back, from_json};

impl Store {
    /// Keeps profiles, each in place of an older one with its id. Gives how many were new or different.
    ///
    /// # Errors
    /// Where an id is unusable or a profile could not be read again, nothing is written.
    pub fn put_enterprises(&self, enterprises: &[Enterprise]) -> Result<usize> {
        for enterprise in enterprises {
            check_id("enterprise", enterprise.id.as_str())?;
            check_reads_back("enterprise", enterprise.id.as_str(), enterprise)?;
        }
        self.write(|transaction| {
            let mut changed = 0;
            for enterprise in enterprises {
                let key = enterprise.id.as_str().as_bytes();
                let before: Option<Enterprise> = transaction.get(Table::Enterprises, key)?;
                if before.as_ref() == Some(enterprise) {
                    continue;
                }
                transaction.count("enterprises", i64::from(before.is_none()))?;
                transaction.put(Table::Enterprises, key.to_vec(), enterprise)?;
                changed += 1;
            }
            Ok(changed)
        })
    }

    /// One profile.
    ///
    /// # Errors
    /// Where the engine cannot be read or the value is damaged.
    pub fn enterprise(&self, id: &EnterpriseId) -> Result<Option<Enterprise>> {
        Transaction::new(self.engine.now()).get(Table::Enterprises, id.as_str().as_bytes())
    }

    /// All profiles in the order of their ids.
    ///
    /// # Errors
    /// Where the engine cannot be read or a value is damaged.
    pub fn enterprises(&self) -> Result<Vec<Enterprise>> {
        let entries = self.engine.scan(Table::Enterprises, &KeyRange::all())?;
        entries.map(|entry| entry.and_then(|(key, value)| from_json(Table::Enterprises, &key, &value))).collect()
    }

    /// Forgets a profile. Its messages stay: they are the record of what was sent. Says whether there was one.
    ///
    /// # Errors
    /// Where the store cannot be written.
    pub fn remove_enterprise(&self, id: &EnterpriseId) -> Result<bool> {
        self.write(|transaction| {
            let key = id.as_str().as_bytes();
            let is_there = transaction.bytes(Table::Enterprises, key)?.is_some();
            if is_there {
                transaction.count("enterprises", -1)?;
                transaction.remove(Table::Enterprises, key.to_vec());
            }
            Ok(is_there)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Home;

    #[test]
    fn profiles_are_kept_replaced_and_forgotten() {
        let home = Home::new();
        let store = home.open();
        let sample = |id: &str, name: &str| Enterprise { id: id.into(), name: name.to_owned(), ..Enterprise::default() };
        let pair = [sample("e2", "样例二号有限公司"), sample("e1", "样例一号有限公司")];
        assert_eq!(store.put_enterprises(&pair).unwrap(), 2);
        assert_eq!(store.put_enterprises(&pair).unwrap(), 0, "twice is as once");
        assert_eq!(store.put_enterprises(&[sample("e1", "样例壹号有限公司")]).unwrap(), 1);
        let names: Vec<_> = store.enterprises().unwrap().into_iter().map(|enterprise| enterprise.name).collect();
        assert_eq!(names, ["样例壹号有限公司", "样例二号有限公司"]);
        assert!(store.remove_enterprise(&"e2".into()).unwrap());
        assert!(!store.remove_enterprise(&"e2".into()).unwrap());
        assert_eq!(store.enterprise(&"e2".into()).unwrap(), None);
        assert_eq!(store.counts().unwrap().enterprises, 1);
        assert!(store.put_enterprises(&[sample("", "无名")]).is_err());
    }
}
