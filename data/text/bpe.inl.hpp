#pragma once

#include <algorithm>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <queue>
#include <shared_mutex>
#include <unordered_set>

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/data/text/bpe.hpp>

namespace t2ue {
namespace detail {

inline constexpr int32_t bpe_mark = 257;  // the end of a word
inline constexpr int32_t bpe_first_merge = 258;
inline constexpr size_t bpe_piece_bytes = 128;  // longer words are cut, so that no text costs quadratic time
inline constexpr size_t bpe_merges_most = 1'000'000;

inline uint64_t pair_key(int32_t left, int32_t right) {
  return static_cast<uint64_t>(left) << 32 | static_cast<uint32_t>(right);
}

inline int32_t byte_token(char byte) {
  return 1 + static_cast<uint8_t>(byte);
}

/// Calls visit(piece, whether it ends its word) for every lower-cased word, until it returns false.
template <class Visit>
void for_each_word(std::string_view text, const Visit& visit) {
  const auto kind = [](char c) {  // 0 space, 1 letter, 2 sign
    const auto byte = static_cast<uint8_t>(c);
    if (byte <= ' ' || byte == 127) return 0;
    return byte >= 128 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ? 1 : 2;
  };
  std::string piece;
  for (size_t at = 0; at < text.size();) {
    const int first = kind(text[at]);
    if (first == 0) {
      ++at;
      continue;
    }
    piece.clear();
    while (at < text.size() && kind(text[at]) == first && piece.size() < bpe_piece_bytes) {
      const char c = text[at++];
      piece += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    }
    const bool ends = at == text.size() || kind(text[at]) != first;
    if (!visit(std::string_view(piece), ends)) return;
  }
}

}  // namespace detail

struct BytePairTokenizer::Cache {
  static constexpr size_t most = 1 << 16;
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::shared_mutex mutex;
  std::unordered_map<std::string, std::vector<int32_t>, Hash, std::equal_to<>> words;
};

T2UE_INLINE BytePairTokenizer::BytePairTokenizer(std::vector<Merge> merges)
    : merges_(std::move(merges)), cache_(std::make_shared<Cache>()) {
  texts_.emplace_back();
  for (int byte = 0; byte < 256; ++byte) texts_.emplace_back(1, static_cast<char>(byte));
  texts_.emplace_back(1, ' ');
  ranks_.reserve(merges_.size());
  for (const auto [left, right] : merges_) {
    const auto token = static_cast<int32_t>(texts_.size());
    const auto known = [&](int32_t part) { return part >= 1 && part < token; };
    check(known(left) && known(right), "bpe", "pair ", ranks_.size(), " joins ", left, " and ", right,
          ", of which one is not known there");
    std::string text = texts_[static_cast<size_t>(left)] + texts_[static_cast<size_t>(right)];
    // No word holds these, and without the limit sixty pairs would make a text of 2^60 bytes.
    check(text.size() <= detail::bpe_piece_bytes + 1 &&
              texts_[static_cast<size_t>(left)].find(' ') == std::string::npos,
          "bpe", "pair ", ranks_.size(), " can be in no word");
    check(ranks_.emplace(detail::pair_key(left, right), token).second, "bpe", "pair ", ranks_.size(),
          " is there twice");
    texts_.push_back(std::move(text));
  }
}

T2UE_INLINE BytePairTokenizer BytePairTokenizer::train(std::span<const std::string> captions,
                                                       int vocab_size) {
  check(vocab_size >= min_vocab_size &&
            vocab_size <= min_vocab_size + static_cast<int>(detail::bpe_merges_most),
        "bpe", "a vocabulary has ", min_vocab_size, " to ", min_vocab_size + detail::bpe_merges_most,
        " tokens, not ", vocab_size);
  struct Word {
    std::vector<int32_t> tokens;
    int64_t count = 0;
  };
  std::map<std::pair<std::string, bool>, int64_t> counts;  // ordered, so that the result is
  for (const std::string& caption : captions)
    detail::for_each_word(caption, [&](std::string_view piece, bool ends) {
      ++counts[{std::string(piece), ends}];
      return true;
    });
  std::vector<Word> words;
  for (const auto& [word, count] : counts) {
    words.push_back({{}, count});
    for (const char c : word.first) words.back().tokens.push_back(detail::byte_token(c));
    if (word.second) words.back().tokens.push_back(detail::bpe_mark);
  }

  // How often each pair occurs, and in which words (of which some may have lost it again).
  struct Place {
    int64_t count = 0;
    std::vector<uint32_t> words;
  };
  std::unordered_map<uint64_t, Place> pairs;
  struct Candidate {
    int64_t count;
    uint64_t pair;
    bool operator<(const Candidate& other) const {
      return count != other.count ? count < other.count : pair > other.pair;
    }
  };
  std::priority_queue<Candidate> queue;  // counts may be out of date: those are dropped or put back when met
  const auto add = [&](uint32_t word, size_t at, int64_t count) {
    Place& place = pairs[detail::pair_key(words[word].tokens[at], words[word].tokens[at + 1])];
    place.count += count;
    return &place;
  };
  for (uint32_t w = 0; w < words.size(); ++w)
    for (size_t i = 0; i + 1 < words[w].tokens.size(); ++i) add(w, i, words[w].count)->words.push_back(w);
  for (const auto& [pair, place] : pairs) queue.push({place.count, pair});

  std::vector<Merge> merges;
  while (merges.size() + min_vocab_size < static_cast<size_t>(vocab_size) && !queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    const int64_t now = pairs[best.pair].count;
    if (now < best.count && now >= 2) queue.push({now, best.pair});
    if (now != best.count || now < 2) continue;
    const auto left = static_cast<int32_t>(best.pair >> 32), right = static_cast<int32_t>(best.pair);
    const auto joined = static_cast<int32_t>(detail::bpe_first_merge + merges.size());
    merges.push_back({left, right});
    const std::vector<uint32_t> where = std::move(pairs[best.pair].words);
    for (const uint32_t w : where) {
      std::vector<int32_t>& tokens = words[w].tokens;
      const int64_t count = words[w].count;
      for (size_t i = 0; i + 1 < tokens.size(); ++i) add(w, i, -count);
      size_t kept = 0;
      for (size_t i = 0; i < tokens.size(); ++i) {
        const bool here = i + 1 < tokens.size() && tokens[i] == left && tokens[i + 1] == right;
        tokens[kept++] = here ? joined : tokens[i];
        if (here) ++i;
      }
      tokens.resize(kept);
      for (size_t i = 0; i + 1 < tokens.size(); ++i) {
        Place* place = add(w, i, count);
        if (tokens[i] != joined && tokens[i + 1] != joined) continue;
        place->words.push_back(w);
        queue.push({place->count, detail::pair_key(tokens[i], tokens[i + 1])});
      }
    }
    pairs.erase(best.pair);
  }
  return BytePairTokenizer(std::move(merges));
}

T2UE_INLINE void BytePairTokenizer::encode_word(std::string_view word, bool ends,
                                                std::vector<int32_t>& tokens) const {
  const size_t from = tokens.size();
  for (const char c : word) tokens.push_back(detail::byte_token(c));
  if (ends) tokens.push_back(detail::bpe_mark);
  for (;;) {  // join the pair that was learned first, everywhere
    int32_t best = vocab_size();
    for (size_t i = from; i + 1 < tokens.size(); ++i)
      if (const auto found = ranks_.find(detail::pair_key(tokens[i], tokens[i + 1])); found != ranks_.end())
        best = std::min(best, found->second);
    if (best == vocab_size()) return;
    const auto [left, right] = merges_[static_cast<size_t>(best - detail::bpe_first_merge)];
    size_t kept = from;
    for (size_t i = from; i < tokens.size(); ++i) {
      const bool here = i + 1 < tokens.size() && tokens[i] == left && tokens[i + 1] == right;
      tokens[kept++] = here ? best : tokens[i];
      if (here) ++i;
    }
    tokens.resize(kept);
  }
}

T2UE_INLINE std::vector<int32_t> BytePairTokenizer::encode(std::string_view text, int context_length) const {
  check(context_length >= 2, "bpe", "a context holds at least the start and end tokens, not ",
        context_length);
  const auto length = static_cast<size_t>(context_length);
  std::vector<int32_t> tokens = {start_token()};
  detail::for_each_word(text, [&](std::string_view piece, bool ends) {
    if (!ends) {  // a part of a very long word: not worth remembering
      encode_word(piece, ends, tokens);
      return tokens.size() < length;
    }
    {
      const std::shared_lock lock(cache_->mutex);
      if (const auto known = cache_->words.find(piece); known != cache_->words.end()) {
        tokens.insert(tokens.end(), known->second.begin(), known->second.end());
        return tokens.size() < length;
      }
    }
    const size_t from = tokens.size();
    encode_word(piece, ends, tokens);
    const std::unique_lock lock(cache_->mutex);
    if (cache_->words.size() < Cache::most)
      cache_->words.emplace(
          piece, std::vector<int32_t>(tokens.begin() + static_cast<ptrdiff_t>(from), tokens.end()));
    return tokens.size() < length;
  });
  tokens.resize(std::min(tokens.size(), length - 1));
  tokens.push_back(end_token());
  tokens.resize(length, pad_token);
  return tokens;
}

T2UE_INLINE std::vector<int32_t> BytePairTokenizer::encode_batch(std::span<const std::string> texts,
                                                                 int context_length) const {
  // In one thread, for encode() takes the lock of the words met before at every word.
  std::vector<int32_t> ids;
  ids.reserve(texts.size() * static_cast<size_t>(std::max(context_length, 0)));
  for (const std::string& text : texts) {
    const std::vector<int32_t> row = encode(text, context_length);
    ids.insert(ids.end(), row.begin(), row.end());
  }
  return ids;
}

T2UE_INLINE std::string BytePairTokenizer::decode(std::span<const int32_t> tokens) const {
  std::string text;
  for (const int32_t token : tokens) {
    check(token >= 0 && token < vocab_size(), "bpe", "token ", token, " is outside the vocabulary of ",
          vocab_size());
    if (token < start_token()) text += texts_[static_cast<size_t>(token)];
  }
  if (text.ends_with(' ')) text.pop_back();
  return text;
}

T2UE_INLINE std::string BytePairTokenizer::to_json() const {
  nlohmann::ordered_json json{{"format", "t2ue-bpe"}, {"version", 1}, {"merges", merges_}};
  return json.dump() + "\n";
}

T2UE_INLINE BytePairTokenizer BytePairTokenizer::from_json(std::string_view json) {
  const nlohmann::json object = nlohmann::json::parse(json, nullptr, false);
  check(object.is_object() && object.value("format", nlohmann::json()) == "t2ue-bpe" &&
            object.value("version", nlohmann::json()) == 1 && object.contains("merges") && object.size() == 3,
        "bpe", "this is not a vocabulary of t2ue, version 1");
  const nlohmann::json& list = object["merges"];
  check(list.is_array() && list.size() <= detail::bpe_merges_most, "bpe",
        "\"merges\" is not a list of at most ", detail::bpe_merges_most, " pairs");
  std::vector<Merge> merges;
  for (const nlohmann::json& pair : list) {
    const auto number = [&](size_t i) {
      return pair[i].is_number_unsigned() && pair[i].get<uint64_t>() < 2 * detail::bpe_merges_most;
    };
    check(pair.is_array() && pair.size() == 2 && number(0) && number(1), "bpe", "pair ", merges.size(),
          " is not a pair of tokens");
    merges.push_back({pair[0].get<int32_t>(), pair[1].get<int32_t>()});
  }
  return BytePairTokenizer(std::move(merges));
}

T2UE_INLINE void BytePairTokenizer::save(const std::filesystem::path& path) const {
  write_file(path, to_json());
}

T2UE_INLINE BytePairTokenizer BytePairTokenizer::load(const std::filesystem::path& path) {
  const std::string json = read_text(path, 64 << 20);
  try {
    return from_json(json);
  } catch (const Error& error) {
    fail("bpe", path, ": ", std::string_view(error.what()).substr(std::string_view("[bpe] ").size()));
  }
}

}  // namespace t2ue
