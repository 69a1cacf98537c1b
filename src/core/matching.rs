//! x
use crate::model::check::CheckName;
use crate::model::path::ProjectPath;
#[derive(Clone, Debug)]
pub struct Matcher;
impl Matcher {
    pub fn new(_s: &crate::model::settings::Settings) -> Result<Self, String> {
        Ok(Self)
    }
    pub fn concerns(&self, _c: &CheckName, _f: &ProjectPath) -> bool {
        true
    }
}
