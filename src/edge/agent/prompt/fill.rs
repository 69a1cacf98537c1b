//! Fills in a template: `{{name}}` is a placeholder, a line beginning with `## ` begins a section.

use crate::model::prompt::blanks;

/// Fills in a template, section by section; a section is left out if it has placeholders and all are empty.
pub(super) fn fill(template: &str, values: &[(&str, String)]) -> String {
    let mut prompt = String::new();
    for section in sections(template) {
        let blanks = blanks(section);
        let mut text = String::new();
        let (mut from, mut filled) = (0, 0);
        for blank in &blanks {
            text.push_str(&section[from..blank.place.start]);
            from = blank.place.end;
            if let Some((_, value)) = values.iter().find(|(known, _)| *known == blank.name) {
                filled += usize::from(!value.is_empty());
                text.push_str(value);
            }
        }
        text.push_str(&section[from..]);
        if blanks.is_empty() || filled > 0 {
            prompt.push_str(&text);
        }
    }
    prompt
}

fn sections(template: &str) -> Vec<&str> {
    let mut starts: Vec<usize> = template.match_indices("\n## ").map(|(at, _)| at + 1).collect();
    starts.insert(0, 0);
    starts.push(template.len());
    starts.windows(2).map(|pair| &template[pair[0]..pair[1]]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_without_anything_to_say_is_left_out_and_values_are_never_filled_in_again() {
        let template = "Begin {{b}}.\n\n## One\n\n{{a}}\n\n## Two\n\n{{a}}{{b}}\n\n## Three\n\nas it is: {\"x\": {}}\n";
        let values = [("a", String::new()), ("b", "{{a}} {{b}}".to_owned())];
        let filled = "Begin {{a}} {{b}}.\n\n## Two\n\n{{a}} {{b}}\n\n## Three\n\nas it is: {\"x\": {}}\n";
        assert_eq!(fill(template, &values), filled);
    }
}
