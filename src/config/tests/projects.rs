//! Where other repositories are.

use std::path::PathBuf;

use super::support::{environment, folder, inputs, loaded, shown, write};
use crate::config::{FILE_NAME, Inputs, Projects, load};

#[test]
fn folders_may_be_in_the_home_and_variables_go_first() {
    let project = folder();
    write(project.path(), FILE_NAME, "");
    let with = |pairs: &[(&str, &str)]| Inputs { environment: environment(pairs), ..inputs(project.path()) };
    let github = "https://github.com".to_owned();
    let usual = Projects {
        dir: Some(PathBuf::from("/home/me/projects")),
        clones: Some(PathBuf::from("/home/me/agent-workspaces")),
        host: github.clone(),
    };
    assert_eq!(loaded(&with(&[("HOME", "/home/me")])).projects, usual);
    assert_eq!(loaded(&with(&[])).projects, Projects { dir: None, clones: None, host: github });
    let chosen = loaded(&with(&[("HOME", "/home/me"), ("PROJECTS_DIR", "/srv"), ("WORKSPACES_DIR", "~/w")]));
    assert_eq!(chosen.projects.dir, Some(PathBuf::from("/srv")));
    assert_eq!(chosen.projects.clones, Some(PathBuf::from("/home/me/w")));
    assert_eq!(chosen.sources["projects.dir"].to_string(), "PROJECTS_DIR in the environment");
}

#[test]
fn a_users_file_says_where_and_a_project_does_not() {
    let project = folder();
    let user = project.path().join("user.toml");
    write(project.path(), "user.toml", "[projects]\nclones = \"/srv/clones\"\nhost = \"git@host:\"\n");
    write(project.path(), FILE_NAME, "[projects]\nhost = \"https://evil.invalid\"\n");
    write(project.path(), ".env", "WORKSPACES_DIR=/evil\nPROJECTS_DIR=/evil\n");
    let both = Inputs { user_file: Some(user), ..inputs(project.path()) };
    let read = loaded(&both);
    assert_eq!(
        read.projects,
        Projects { dir: None, clones: Some(PathBuf::from("/srv/clones")), host: "git@host:".to_owned() }
    );
    assert_eq!(read.warnings.len(), 1, "{:?}", read.warnings);
    assert_eq!(read.warnings[0].hint.as_deref(), Some("a project does not say where others are"));

    write(project.path(), "user.toml", "[projects]\ndir = \"here\"\n");
    let wrong = shown(&load(&both).unwrap_err());
    assert!(wrong.contains("user.toml:2:7") && wrong.contains("write a folder from / or ~/ on"), "{wrong}");
}
