//! What is secret here, as far as it is known.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use crate::app::project::setup::Site;
use crate::config::Overrides;
use crate::core::secrets::{Redactor, of_dot_env, of_variables};
use crate::model::secret::Secret;
use crate::model::settings::Settings;

/// The most secrets that are known at a time.
const MOST: usize = 2_000;

/// What is secret here: grows with what the environment, `.env` and the configuration say, and forgets nothing, since a
/// value that was replaced may still be printed.
#[derive(Clone, Debug)]
pub struct Secrecy(Arc<RwLock<Redactor>>);

impl Secrecy {
    /// Knows what the environment and the project's `.env` hold.
    pub fn of(site: &Site) -> Self {
        let secrecy = Self(Arc::new(RwLock::new(Redactor::new(Vec::new()))));
        secrecy.learn(site, None);
        secrecy
    }

    /// Learns what they hold now, and the variables of agents.
    pub fn learn(&self, site: &Site, settings: Option<&Settings>) {
        // Without it there is nothing in it to know.
        let dot_env = of_dot_env(&std::fs::read_to_string(site.project.join(".env")).unwrap_or_default());
        let ours = site.environment.iter();
        let agents = settings.iter().flat_map(|settings| settings.agents.values()).flat_map(|agent| &agent.env);
        let variables = ours.chain(agents).map(|(name, value)| (name.as_str(), value.as_str()));
        let variables = variables.chain(dot_env.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let exists = |path: &str| {
            let path = path.strip_prefix("~/").map_or(site.project.join(path), |rest| {
                site.environment.get("HOME").map_or_else(|| rest.into(), |home| Path::new(home).join(rest))
            });
            path.symlink_metadata().is_ok()
        };
        let mut secrets: Vec<Secret> = self.now().secrets().to_vec();
        let known = secrets.len();
        for secret in of_variables(variables, &exists) {
            if secrets.len() < MOST && !secrets.iter().any(|known| known.value == secret.value) {
                secrets.push(secret);
            }
        }
        if secrets.len() > known {
            *self.0.write().unwrap_or_else(PoisonError::into_inner) = Redactor::new(secrets);
        }
    }

    /// Returns what covers what is known now.
    pub fn now(&self) -> Redactor {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Returns what covers the secrets of a project in what a verb says by itself, without a supervisor.
pub fn of_project(flag: Option<&Path>) -> Redactor {
    let Ok(site) = Site::find(flag) else { return Redactor::new(Vec::new()) };
    let secrecy = Secrecy::of(&site);
    // One that cannot be read has nothing that is known.
    if let Ok(loaded) = site.load(Overrides::default()) {
        secrecy.learn(&site, Some(&loaded.settings));
    }
    secrecy.now()
}
