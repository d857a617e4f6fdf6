// Sentence templates for class names, with which a CLIP is asked for classes.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// The names of the built-in sets: "photo", one plain sentence, and "varied", a few of different wording.
std::vector<std::string> template_set_names();
/// A built-in set. Throws Error listing the names for another.
std::vector<std::string> template_set(const std::string& name);

/// Templates from a file, one a line; blank lines are left out. Throws Error naming the file where there is
/// none, over 10,000, or one that check_template() refuses.
std::vector<std::string> read_templates(const std::filesystem::path& file);

/// Throws Error unless `text` is UTF-8 with exactly one "{}", the place of the class's name.
void check_template(std::string_view text);

/// The template with the class's name in its place. Names are written as in a sentence: '_', which data sets
/// put between words, becomes a blank. Throws Error as check_template() does.
std::string fill_template(const std::string& text, const std::string& class_name);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/eval/prompt_templates.inl.hpp>
#endif
