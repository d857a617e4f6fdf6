#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <system_error>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/data/text/clip_vocabulary.hpp>
#include <t2ue/data/text/gzip.hpp>
#include <t2ue/data/text/unicode.hpp>

namespace t2ue {
namespace detail {

inline constexpr int32_t clip_first_merge = 512;
inline constexpr uint64_t clip_file_bytes = 16
                                            << 20;  // the published files have 1.3, 0.5, 0.9 and 2.2 million
inline constexpr size_t clip_token_bytes = 256;     // the longest published one has 28

/// Bytes in the order of their tokens. Files spell the first 188 as that character of Latin-1, the others,
/// which would be white space or controls, as U+0100, U+0101, ...
struct ClipBytes {
  std::array<uint8_t, 256> order{};
  std::array<uint8_t, 256> token{};
  std::array<std::string, 256> spelling;  ///< of a token

  ClipBytes() {
    const auto printable = [](int b) { return (b >= 33 && b <= 126) || (b >= 161 && b != 173); };
    size_t count = 0;
    for (const bool first : {true, false})
      for (int byte = 0; byte < 256; ++byte) {
        if (printable(byte) != first) continue;
        unicode::append(spelling[count],
                        static_cast<char32_t>(first ? byte : 256 + static_cast<int>(count) - 188));
        token[static_cast<size_t>(byte)] = static_cast<uint8_t>(count);
        order[count++] = static_cast<uint8_t>(byte);
      }
  }
};

inline const ClipBytes& clip_bytes() {
  static const ClipBytes bytes;
  return bytes;
}

/// "left right" as two.
inline std::array<std::string_view, 2> clip_pair(std::string_view line, size_t number) {
  const size_t space = line.find(' ');
  check(space != std::string_view::npos && space > 0 && space + 1 < line.size() &&
            line.find(' ', space + 1) == std::string_view::npos,
        "clip vocabulary", "merge ", number, " is not two tokens with a space between");
  return {line.substr(0, space), line.substr(space + 1)};
}

/// The lines of `text` behind the first, which must hold "#version:"; at most `most`.
inline std::vector<std::array<std::string_view, 2>> clip_merge_lines(std::string_view text, size_t most) {
  std::vector<std::array<std::string_view, 2>> merges;
  for (bool first = true; !text.empty() && merges.size() < most; first = false) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    check(!first || line.find("#version:") != std::string_view::npos, "clip vocabulary",
          "the first line has no \"#version:\", so this is no list of merges");
    if (first) continue;
    if (line.empty() && text.empty()) break;
    merges.push_back(clip_pair(line, merges.size()));
  }
  return merges;
}

inline nlohmann::json clip_json(std::string_view text, const char* what) {
  const auto depth_limited = [&](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    check(depth <= 16, "clip vocabulary", what, " nests too deep to be one");
    return true;
  };
  nlohmann::json json = nlohmann::json::parse(text, depth_limited, false);
  check(json.is_object(), "clip vocabulary", what, " is not a JSON object, or is cut off");
  return json;
}

/// Throws Error unless `vocab` gives exactly `spellings`, and the two special tokens, their numbers.
inline void check_clip_vocab(const nlohmann::json& vocab, const std::vector<std::string>& spellings) {
  check(vocab.is_object() && vocab.size() == spellings.size() + 2, "clip vocabulary", "the vocabulary has ",
        vocab.is_object() ? vocab.size() : 0, " tokens, not the ", spellings.size() + 2, " that its ",
        spellings.size() - clip_first_merge, " merges give");
  const auto demand = [&](const std::string& spelling, size_t number) {
    const auto found = vocab.find(spelling);
    check(found != vocab.end() && found->is_number_integer() && *found == number, "clip vocabulary",
          "the token \"", spelling, "\" should be number ", number, ", not ",
          found == vocab.end() ? "missing" : found->dump());
  };
  for (size_t i = 0; i < spellings.size(); ++i) demand(spellings[i], i);
  demand("<|startoftext|>", spellings.size());
  demand("<|endoftext|>", spellings.size() + 1);
}

inline size_t clip_merge_count(int size) {
  check(size >= ClipVocabulary::min_size && size <= 2'000'000, "clip vocabulary", "a vocabulary has ",
        ClipVocabulary::min_size, " to 2000000 tokens, not ", size);
  return static_cast<size_t>(size - ClipVocabulary::min_size);
}

inline void check_clip_count(size_t merges, int size, bool more_allowed) {
  const size_t wanted = clip_merge_count(size);
  check(merges == wanted || (more_allowed && merges > wanted), "clip vocabulary", "there are ", merges,
        " merges, but ", size, " tokens need ", wanted);
}

}  // namespace detail

T2UE_INLINE ClipVocabulary::ClipVocabulary(std::span<const Pair> merges,
                                           std::vector<std::string>& spellings) {
  const detail::ClipBytes& bytes = detail::clip_bytes();
  std::unordered_map<std::string, int32_t> numbers;
  const auto add = [&](std::string spelling, std::string text, bool ends) {
    check(numbers.emplace(spelling, static_cast<int32_t>(texts_.size())).second, "clip vocabulary",
          "the token \"", spelling, "\" is there twice");
    spellings.push_back(std::move(spelling));
    texts_.push_back(std::move(text));
    ends_.push_back(ends);
  };
  for (const bool ends : {false, true})
    for (size_t i = 0; i < 256; ++i)
      add(bytes.spelling[i] + (ends ? "</w>" : ""), std::string(1, static_cast<char>(bytes.order[i])), ends);
  joined_.reserve(merges.size());
  for (size_t i = 0; i < merges.size(); ++i) {
    const auto number = [&](std::string_view spelling) {
      const auto found = numbers.find(std::string(spelling));
      check(found != numbers.end(), "clip vocabulary", "merge ", i, " joins \"", spelling.substr(0, 80),
            "\", which no merge before it makes");
      return found->second;
    };
    const int32_t left = number(merges[i][0]), right = number(merges[i][1]);
    // A limit, for sixty doublings would make a token of 2^60 bytes.
    check(!ends_word(left) && text(left).size() + text(right).size() <= detail::clip_token_bytes,
          "clip vocabulary", "merge ", i, " joins \"", merges[i][0].substr(0, 80), "\" and \"",
          merges[i][1].substr(0, 80), "\", which can be in no word");
    joined_.emplace(static_cast<uint64_t>(left) << 32 | static_cast<uint32_t>(right),
                    static_cast<int32_t>(texts_.size()));
    add(spellings[static_cast<size_t>(left)] + spellings[static_cast<size_t>(right)],
        text(left) + text(right), ends_word(right));
  }
}

T2UE_INLINE int32_t ClipVocabulary::byte_token(char byte, bool ends_word) {
  return detail::clip_bytes().token[static_cast<uint8_t>(byte)] + (ends_word ? 256 : 0);
}

T2UE_INLINE ClipVocabulary ClipVocabulary::from_merges(std::string_view bytes, int size) {
  std::string unpacked;
  if (is_gzip(bytes)) bytes = unpacked = gunzip(bytes, detail::clip_file_bytes);
  const std::vector<Pair> merges = detail::clip_merge_lines(bytes, detail::clip_merge_count(size));
  detail::check_clip_count(merges.size(), size, true);
  std::vector<std::string> spellings;
  return ClipVocabulary(merges, spellings);
}

T2UE_INLINE ClipVocabulary ClipVocabulary::from_vocab_json(std::string_view vocab_json,
                                                           std::string_view merge_lines, int size) {
  const nlohmann::json vocab = detail::clip_json(vocab_json, "vocab.json");
  const std::vector<Pair> merges = detail::clip_merge_lines(merge_lines, SIZE_MAX);
  detail::check_clip_count(merges.size(), size, false);
  std::vector<std::string> spellings;
  ClipVocabulary vocabulary(merges, spellings);
  detail::check_clip_vocab(vocab, spellings);
  return vocabulary;
}

T2UE_INLINE ClipVocabulary ClipVocabulary::from_tokenizer_json(std::string_view json, int size) {
  const nlohmann::json object = detail::clip_json(json, "tokenizer.json");
  const nlohmann::json model = object.value("model", nlohmann::json::object());
  const auto is = [&](const char* member, const char* value) {
    return model.is_object() && model.value(member, nlohmann::json()) == value;
  };
  check(is("type", "BPE") && is("end_of_word_suffix", "</w>") && model.contains("vocab") &&
            model.contains("merges") && model["merges"].is_array(),
        "clip vocabulary",
        "tokenizer.json does not hold a byte-pair model of CLIP's kind (\"type\": \"BPE\", "
        "\"end_of_word_suffix\": \"</w>\", \"vocab\" and \"merges\")");
  std::vector<Pair> merges;
  for (const nlohmann::json& merge : model["merges"]) {  // "a b" or, of late, ["a", "b"]
    const bool pair = merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string();
    check(pair || merge.is_string(), "clip vocabulary", "merge ", merges.size(), " is not a pair of tokens");
    merges.push_back(
        pair ? Pair{merge[0].get_ref<const std::string&>(), merge[1].get_ref<const std::string&>()}
             : detail::clip_pair(merge.get_ref<const std::string&>(), merges.size()));
  }
  detail::check_clip_count(merges.size(), size, false);
  std::vector<std::string> spellings;
  ClipVocabulary vocabulary(merges, spellings);
  detail::check_clip_vocab(model["vocab"], spellings);
  return vocabulary;
}

T2UE_INLINE std::string ClipVocabulary::to_merges() const {
  const detail::ClipBytes& bytes = detail::clip_bytes();
  const auto spelling = [&](int32_t token) {
    std::string all;
    for (const char byte : text(token)) all += bytes.spelling[bytes.token[static_cast<uint8_t>(byte)]];
    return ends_word(token) ? all + "</w>" : all;
  };
  std::vector<std::array<int32_t, 2>> merges(texts_.size() - detail::clip_first_merge);
  for (const auto& [pair, token] : joined_)
    merges[static_cast<size_t>(token - detail::clip_first_merge)] = {static_cast<int32_t>(pair >> 32),
                                                                     static_cast<int32_t>(pair)};
  std::string lines = "#version: 0.2\n";
  for (const auto [left, right] : merges) lines += spelling(left) + " " + spelling(right) + "\n";
  return lines;
}

T2UE_INLINE std::string ClipVocabulary::to_json() const {
  const nlohmann::ordered_json json{{"format", "clip-bpe"}, {"version", 1}, {"merges", to_merges()}};
  return json.dump() + "\n";
}

T2UE_INLINE ClipVocabulary ClipVocabulary::from_json(std::string_view json) {
  const nlohmann::json object = detail::clip_json(json, "the vocabulary");
  check(object.value("format", nlohmann::json()) == "clip-bpe" &&
            object.value("version", nlohmann::json()) == 1 && object.contains("merges") &&
            object["merges"].is_string() && object.size() == 3,
        "clip vocabulary", "this is not a vocabulary of CLIP's kind as t2ue writes it, version 1");
  const std::string& merges = object["merges"].get_ref<const std::string&>();
  check(merges.size() <= detail::clip_file_bytes, "clip vocabulary", "the list of merges has ", merges.size(),
        " bytes, more than ", detail::clip_file_bytes);
  const auto lines = std::count(merges.begin(), merges.end(), '\n');
  ClipVocabulary vocabulary = from_merges(merges, static_cast<int>(min_size + lines - 1));
  check(vocabulary.to_merges() == merges, "clip vocabulary",
        "the list of merges is cut off or is not as t2ue writes it");
  return vocabulary;
}

T2UE_INLINE ClipVocabulary ClipVocabulary::load(const std::filesystem::path& path, int size) {
  std::filesystem::path file = path;
  std::error_code none;  // a path that cannot be looked at is reported by read()
  if (std::filesystem::is_directory(path, none)) {
    for (const char* name : {"tokenizer.json", "vocab.json", "merges.txt", "bpe_simple_vocab_16e6.txt.gz"})
      if (file == path && std::filesystem::exists(path / name, none)) file = path / name;
    check(file != path, "clip vocabulary", "the folder ", path,
          " has no tokenizer.json, vocab.json, merges.txt or bpe_simple_vocab_16e6.txt.gz");
  }
  const auto read = [](const std::filesystem::path& from) {
    return read_text(from, detail::clip_file_bytes);
  };
  const std::string bytes = read(file);
  const auto merges = file.parent_path() / "merges.txt";
  // Which of the two a JSON file is shows by its content: files are renamed.
  const bool json = bytes.starts_with('{');
  const bool whole = json && bytes.find("\"end_of_word_suffix\"") != std::string::npos;
  check(!json || whole || std::filesystem::exists(merges, none), "clip vocabulary", file,
        " is no tokenizer.json of CLIP's kind, and a vocab.json needs merges.txt beside it");
  const std::string lines = json && !whole ? read(merges) : "";
  try {
    if (whole) return from_tokenizer_json(bytes, size);
    return json ? from_vocab_json(bytes, lines, size) : from_merges(bytes, size);
  } catch (const Error& error) {
    fail("clip vocabulary", file, json && !whole ? concat(" (with ", merges, ")") : "", ": ",
         std::string_view(error.what()).substr(std::string_view(error.what()).find(']') + 2));
  }
}

}  // namespace t2ue
