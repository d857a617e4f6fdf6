#pragma once

#include <algorithm>
#include <map>

#include <t2ue/core/error.hpp>
#include <t2ue/data/text/captions.hpp>
#include <t2ue/data/text/text_lines.hpp>
#include <t2ue/data/text/utf8.hpp>
#include <t2ue/eval/prompt_templates.hpp>

namespace t2ue {

namespace detail {

inline constexpr std::string_view class_place = "{}";

inline const std::map<std::string, std::vector<std::string>>& template_sets() {
  static const std::map<std::string, std::vector<std::string>> sets{
      {"photo", {"a photo of a {}."}},
      {"varied",
       {"a photo of a {}.", "there is a {} in this picture.", "a {} seen from nearby.",
        "a {} seen from far away.", "a {} against a plain background.", "an image whose subject is a {}.",
        "this is what a {} looks like."}}};
  return sets;
}

}  // namespace detail

T2UE_INLINE std::vector<std::string> template_set_names() {
  std::vector<std::string> names;
  for (const auto& [name, templates] : detail::template_sets()) names.push_back(name);
  return names;
}

T2UE_INLINE std::vector<std::string> template_set(const std::string& name) {
  const auto found = detail::template_sets().find(name);
  if (found != detail::template_sets().end()) return found->second;
  std::string known;
  for (const std::string& other : template_set_names()) known += (known.empty() ? "" : ", ") + other;
  fail("templates", "unknown set '", name, "'; one of: ", known);
}

T2UE_INLINE void check_template(std::string_view text) {
  check(valid_utf8(text), "templates", "a template is not valid UTF-8");
  const size_t place = text.find(detail::class_place);
  check(
      place != std::string_view::npos && text.find(detail::class_place, place + 2) == std::string_view::npos,
      "templates", "'", text.substr(0, 100), "' must have {} exactly once, where the class's name goes");
}

T2UE_INLINE std::vector<std::string> read_templates(const std::filesystem::path& file) {
  constexpr size_t most = 10'000;
  std::vector<std::string> templates = read_lines(file);
  check(!templates.empty() && templates.size() <= most, "templates", file, " has ", templates.size(),
        " templates; 1 to ", most, " are read, one a line");
  for (size_t i = 0; i < templates.size(); ++i) {
    try {
      check_template(templates[i]);
    } catch (const Error& error) {
      throw Error(concat(error.what(), "; it is number ", i + 1, " of ", file));
    }
  }
  return templates;
}

T2UE_INLINE std::string fill_template(const std::string& text, const std::string& class_name) {
  check_template(text);
  std::string name = class_name;
  std::replace(name.begin(), name.end(), '_', ' ');
  std::string prompt = text;
  return prompt.replace(prompt.find(detail::class_place), detail::class_place.size(), name);
}

}  // namespace t2ue
