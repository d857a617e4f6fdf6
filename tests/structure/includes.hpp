// Which file includes which, and the rules of CONTRIBUTING.md about it: what each folder may include, no
// cycle between folders, no third-party header in a public one.
#pragma once

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace t2ue::test {

/// Paths from the repository's root, each with what it includes: "t2ue/..." and third-party names as written,
/// neighbours in quotes as the repository's path with "t2ue/" in front.
using Includes = std::map<std::string, std::vector<std::string>>;

/// A folder of the library or the program, from the ground up, and the folders that it may include besides
/// itself.
struct Floor {
  std::string_view folder, may_include;
};
constexpr std::array floors = {
    Floor{"core", ""},
    Floor{"cuda", "core"},
    Floor{"report", "core"},
    Floor{"data", "core"},
    Floor{"noise", "core data"},
    Floor{"models", "core data"},
    Floor{"optim", "core data models"},
    Floor{"training", "core data models optim"},
    Floor{"methods", "core data noise models optim training"},
    Floor{"eval", "core data noise models optim training methods report"},
    Floor{"apps", "core data noise models optim training methods report eval cuda"},
};

/// What public headers may include of others.
constexpr std::array<std::string_view, 2> allowed_third_party = {"fmt/", "nlohmann/json_fwd.hpp"};

inline std::string folder_of(std::string_view path) {
  const size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? "" : path.substr(0, slash));
}

inline std::string floor_of(std::string_view path) {
  const size_t slash = path.find('/');
  return std::string(slash == std::string_view::npos ? "" : path.substr(0, slash));
}

inline bool has_word(std::string_view words, std::string_view word) {
  return (" " + std::string(words) + " ").find(" " + std::string(word) + " ") != std::string::npos;
}

/// The name that a line includes, or nothing.
inline std::string included_name(std::string_view line, std::string_view file) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  if (!line.starts_with('#')) return {};
  line.remove_prefix(1);
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  if (!line.starts_with("include")) return {};
  const size_t open = line.find_first_of("<\"");
  if (open == std::string_view::npos) return {};
  const bool neighbour = line[open] == '"';
  const size_t close = line.find(neighbour ? '"' : '>', open + 1);
  if (close == std::string_view::npos) return {};
  const std::string name(line.substr(open + 1, close - open - 1));
  if (!neighbour) return name;
  return (std::filesystem::path("t2ue") / folder_of(file) / name).lexically_normal().generic_string();
}

/// Of every source file in the folders above, and of the headers at the root.
inline Includes read_includes(const std::filesystem::path& root) {
  namespace fs = std::filesystem;
  Includes includes;
  const auto read = [&](const fs::path& path) {
    const std::set<std::string> endings = {".hpp", ".cpp", ".cuh", ".cu"};
    if (!endings.contains(path.extension().string())) return;
    const std::string file = path.lexically_relative(root).generic_string();
    std::vector<std::string>& names = includes[file];
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);)
      if (std::string name = included_name(line, file); !name.empty()) names.push_back(std::move(name));
  };
  for (const fs::directory_entry& entry : fs::directory_iterator(root))
    if (entry.is_regular_file()) read(entry.path());
  for (const Floor& floor : floors)
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / floor.folder))
      if (entry.is_regular_file()) read(entry.path());
  return includes;
}

/// "a includes b" for each include that goes to a folder which its own may not include.
inline std::vector<std::string> arrows_up(const Includes& includes) {
  std::vector<std::string> found;
  for (const auto& [file, names] : includes) {
    const std::string from = floor_of(file);
    const auto floor = std::ranges::find(floors, std::string_view(from), &Floor::folder);
    if (floor == floors.end()) continue;  // a header at the root, which may include everything
    for (const std::string& name : names) {
      if (!name.starts_with("t2ue/")) continue;
      const std::string to = floor_of(std::string_view(name).substr(5));
      if (to == from || has_word(floor->may_include, to)) continue;
      found.push_back(file + " includes " + name + ": " + from + "/ may include " +
                      (floor->may_include.empty() ? "nothing of ours" : std::string(floor->may_include)));
    }
  }
  return found;
}

/// What a file counts as where cycles are looked for: its folder; but in a folder that has folders of its own
/// each header counts for itself (core/kernels.hpp stands above core/args, core/view.hpp below it), with its
/// definitions.
inline std::map<std::string, std::string> cycle_units(const Includes& includes) {
  std::set<std::string> parents;
  for (const auto& [file, names] : includes)
    for (std::string folder = folder_of(folder_of(file)); !folder.empty(); folder = folder_of(folder))
      parents.insert(folder);
  std::map<std::string, std::string> units;
  for (const auto& [file, names] : includes)
    units[file] = parents.contains(folder_of(file)) ? file.substr(0, file.find('.')) : folder_of(file);
  return units;
}

/// Each cycle between folders once, as "a -> b (file) -> a (file)": the files are those that include.
inline std::vector<std::string> folder_cycles(const Includes& includes) {
  const std::map<std::string, std::string> units = cycle_units(includes);
  std::map<std::string, std::map<std::string, std::string>> arrows;  // from, to, a file that makes the arrow
  for (const auto& [file, names] : includes) {
    const std::string& from = units.at(file);
    for (const std::string& name : names) {
      const auto to = units.find(name.starts_with("t2ue/") ? name.substr(5) : "");
      if (to != units.end() && to->second != from) arrows[from].emplace(to->second, file);
    }
  }
  std::vector<std::string> found, path;
  std::set<std::string> done;
  const auto visit = [&](const auto& self, const std::string& unit) -> void {
    if (const auto start = std::ranges::find(path, unit); start != path.end()) {
      std::string text = *start;
      for (auto from = start; from != path.end(); ++from) {
        const std::string& to = std::next(from) == path.end() ? unit : *std::next(from);
        text += " -> " + to + " (" + arrows[*from][to] + ")";
      }
      found.push_back(text);
      return;
    }
    if (!done.insert(unit).second) return;
    path.push_back(unit);
    for (const auto& [to, file] : arrows[unit]) self(self, to);
    path.pop_back();
  };
  for (const auto& [file, unit] : units) visit(visit, unit);
  return found;
}

/// The library's headers that a program reads in compiled mode when it includes everything: what the headers
/// at the root reach without going through a .inl.hpp.
inline std::set<std::string> public_headers(const Includes& includes) {
  std::set<std::string> reached;
  std::vector<std::string> open;
  for (const auto& [file, names] : includes)
    if (floor_of(file).empty()) open.push_back(file);
  while (!open.empty()) {
    const std::string file = open.back();
    open.pop_back();
    if (file.ends_with(".inl.hpp") || !reached.insert(file).second) continue;
    for (const std::string& name : includes.at(file))
      if (name.starts_with("t2ue/") && includes.contains(name.substr(5))) open.push_back(name.substr(5));
  }
  return reached;
}

/// "a includes b" for each header of others in a public header; the standard library's have no '.' in their
/// names.
inline std::vector<std::string> third_party_in_public(const Includes& includes) {
  std::vector<std::string> found;
  for (const std::string& file : public_headers(includes))
    for (const std::string& name : includes.at(file)) {
      if (name.starts_with("t2ue/") || name.find('.') == std::string::npos) continue;
      if (std::ranges::any_of(allowed_third_party,
                              [&](std::string_view one) { return name.starts_with(one); }))
        continue;
      found.push_back(file + " includes " + name + ", which belongs into its .inl.hpp");
    }
  return found;
}

}  // namespace t2ue::test
