//! Where a store is: a URL that names an engine and its place.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use tokio_postgres::Config;
use tokio_postgres::config::Host;

use crate::error::StoreError;

/// A longer URL is a mistake.
const MOST_BYTES: usize = 4_096;

/// An engine and its place. Shown without its secret part.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// `sled:FOLDER`: the embedded default.
    Sled(PathBuf),
    /// `redb:FOLDER`: the other embedded engine.
    Redb(PathBuf),
    /// `postgres://USER@HOST/DATABASE`: a server that several machines share.
    Postgres(Box<Config>),
}

impl Location {
    /// The same place with the password of its user, where it is a server and the URL has none.
    #[must_use]
    pub fn with_password(mut self, password: Option<&str>) -> Self {
        if let (Self::Postgres(config), Some(password)) = (&mut self, password)
            && config.get_password().is_none()
        {
            config.password(password);
        }
        self
    }

    /// Whether several processes may open the place at once.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }
}

/// User, host, port and database: what tells servers apart and is no secret.
fn server(config: &Config, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(formatter, "postgres://{}@", config.get_user().unwrap_or_default())?;
    for (place, host) in config.get_hosts().iter().enumerate() {
        let comma = if place > 0 { "," } else { "" };
        match host {
            Host::Tcp(name) => write!(formatter, "{comma}{name}")?,
            Host::Unix(folder) => write!(formatter, "{comma}{}", folder.display())?,
        }
        let ports = config.get_ports();
        if let Some(port) = ports.get(place).or_else(|| ports.first()) {
            write!(formatter, ":{port}")?;
        }
    }
    write!(formatter, "/{}", config.get_dbname().unwrap_or_default())
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sled(folder) => write!(formatter, "sled:{}", folder.display()),
            Self::Redb(folder) => write!(formatter, "redb:{}", folder.display()),
            Self::Postgres(config) => server(config, formatter),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{self}`")
    }
}

impl FromStr for Location {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let wrong = |shown: &str, reason: &str| {
            let url = shown.chars().filter(|character| !character.is_control()).take(80).collect();
            StoreError::Url { url, reason: reason.to_owned() }
        };
        // What comes before a colon is no secret; what comes behind it may be one.
        let (scheme, rest) = text.split_once(':').ok_or_else(|| wrong(text, "it names no engine"))?;
        if text.len() > MOST_BYTES || text.contains('\0') {
            return Err(wrong(scheme, "it is too long or has a NUL in it"));
        }
        match scheme {
            "sled" | "redb" if rest.is_empty() => Err(wrong(text, "it names no folder")),
            "sled" => Ok(Self::Sled(rest.into())),
            "redb" => Ok(Self::Redb(rest.into())),
            "postgres" | "postgresql" => {
                let config: Config = text.parse().map_err(|error: tokio_postgres::Error| {
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    wrong("postgres://…", &cause.unwrap_or_else(|| error.to_string()))
                })?;
                if config.get_hosts().is_empty() || config.get_dbname().is_none() {
                    return Err(wrong("postgres://…", "it names no host or no database"));
                }
                Ok(Self::Postgres(Box::new(config)))
            }
            _ => Err(wrong(scheme, "there is no such engine")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_an_engine_and_its_place() {
        assert_eq!("sled:data/store".parse::<Location>().unwrap(), Location::Sled("data/store".into()));
        assert_eq!("redb:/var/a b/惠策".parse::<Location>().unwrap(), Location::Redb("/var/a b/惠策".into()));
    }

    #[test]
    fn a_server_is_shown_without_its_secret() {
        let location: Location = "postgres://huice:secret@db.example:5433/policies?sslmode=require".parse().unwrap();
        assert_eq!(location.to_string(), "postgres://huice@db.example:5433/policies");
        assert!(!format!("{location:?}").contains("secret"));
        let location: Location = "postgres://huice@%2Fvar%2Frun/policies".parse().unwrap();
        let Location::Postgres(config) = location.with_password(Some("secret")) else { panic!("a server") };
        assert_eq!(config.get_password(), Some(b"secret".as_slice()));
    }

    #[test]
    fn what_is_no_url_of_a_store_says_what_was_expected() {
        for text in [
            "",
            "data/store",
            "sled:",
            "mysql://a:secret@b/c",
            "postgres://a:secret@b",
            "postgres://a:secret@b:x/c",
            &format!("sled:{}", "x".repeat(5_000)),
            "sled:a\0b",
        ] {
            let error = text.parse::<Location>().unwrap_err().to_string();
            assert!(error.contains("expected sled:FOLDER") && !error.contains("secret"), "{error}");
        }
    }
}
