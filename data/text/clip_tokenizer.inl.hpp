#pragma once

#include <algorithm>
#include <exception>
#include <functional>
#include <mutex>
#include <queue>

#include <t2ue/core/cpu/parallel.hpp>
#include <t2ue/core/error.hpp>
#include <t2ue/data/text/clip_tokenizer.hpp>
#include <t2ue/data/text/clip_words.hpp>
#include <t2ue/data/text/fix_text.hpp>
#include <t2ue/data/text/html_unescape.hpp>
#include <t2ue/data/text/unicode.hpp>

namespace t2ue {
namespace detail {

/// Whether cleaning changes nothing but case and white space: ASCII without controls and HTML references.
inline bool is_clean_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= ' ' && c < 127 && c != '&') || c == '\n' || c == '\t' || c == '\r' || c == '\f';
  });
}

/// One space for every run of white space, none at the ends.
inline std::u32string single_spaces(std::u32string_view text) {
  std::u32string out;
  for (const char32_t c : text)
    if (!unicode::is_space(c))
      out += c;
    else if (!out.empty() && out.back() != U' ')
      out += U' ';
  if (!out.empty() && out.back() == U' ') out.pop_back();
  return out;
}

}  // namespace detail

T2UE_INLINE std::u32string clean_clip_text(std::string_view text) {
  const std::u32string fixed = fix_text(unicode::decode(text));
  return unicode::lower(detail::single_spaces(html_unescape(html_unescape(fixed))));
}

T2UE_INLINE ClipTokenizer::ClipTokenizer(ClipVocabulary vocabulary) : vocabulary_(std::move(vocabulary)) {
  // That a word is spelt like a token does not mean that the merges lead to it.
  std::vector<int32_t> tokens;
  for (int32_t token = 256; token < start_token(); ++token) {
    if (!vocabulary_.ends_word(token)) continue;
    tokens.clear();
    append_pairwise(vocabulary_.text(token), tokens);
    if (tokens.size() == 1) words_.emplace(vocabulary_.text(token), tokens.front());
  }
  words_["<|startoftext|>"] = start_token();
  words_["<|endoftext|>"] = end_token();
}

/// Joins by a queue of what can be joined, in the order of merges and from left to right: time n log n, so
/// that no text costs quadratic time. A merge's parts come before it, so nothing earlier turns up on the way.
T2UE_INLINE void ClipTokenizer::append_pairwise(std::string_view word, std::vector<int32_t>& tokens) const {
  struct Part {
    int32_t token;
    size_t previous, next;
  };
  const size_t count = word.size();  // also stands for "none" in links
  std::vector<Part> parts(count);
  for (size_t i = 0; i < count; ++i)
    parts[i] = {ClipVocabulary::byte_token(word[i], i + 1 == count), i == 0 ? count : i - 1, i + 1};
  using Candidate = std::pair<int32_t, size_t>;  // the joined token, where its left part is
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> queue;
  const auto joined_at = [&](size_t at) {
    const size_t next = parts[at].next;
    return next == count ? -1 : vocabulary_.joined(parts[at].token, parts[next].token);
  };
  const auto offer = [&](size_t at) {
    if (const int32_t token = joined_at(at); token >= 0) queue.emplace(token, at);
  };
  for (size_t i = 0; i < count; ++i) offer(i);
  while (!queue.empty()) {
    const auto [token, at] = queue.top();
    queue.pop();
    if (parts[at].token < 0 || joined_at(at) != token) continue;  // one of the two was joined meanwhile
    const size_t gone = parts[at].next;
    parts[at] = {token, parts[at].previous, parts[gone].next};
    parts[gone].token = -1;
    if (parts[at].next != count) parts[parts[at].next].previous = at;
    offer(at);
    if (parts[at].previous != count) offer(parts[at].previous);
  }
  for (size_t at = 0; at < count; at = parts[at].next) tokens.push_back(parts[at].token);
}

T2UE_INLINE void ClipTokenizer::append_word(std::string_view word, std::vector<int32_t>& tokens) const {
  if (const auto known = words_.find(word); known != words_.end())
    tokens.push_back(known->second);
  else
    append_pairwise(word, tokens);
}

/// Appends the text's tokens, until there are `enough`.
T2UE_INLINE void ClipTokenizer::append_text(std::string_view text, size_t enough,
                                            std::vector<int32_t>& tokens) const {
  if (detail::is_clean_ascii(text)) {
    std::string lower(text);
    for (char& c : lower)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    detail::for_each_clip_word(std::string_view(lower), [&](std::string_view word) {
      append_word(word, tokens);
      return tokens.size() < enough;
    });
    return;
  }
  const std::u32string clean = clean_clip_text(text);
  detail::for_each_clip_word(std::u32string_view(clean), [&](std::u32string_view word) {
    append_word(unicode::encode(word), tokens);
    return tokens.size() < enough;
  });
}

T2UE_INLINE std::vector<int32_t> ClipTokenizer::tokens(std::string_view text) const {
  std::vector<int32_t> tokens;
  append_text(text, SIZE_MAX, tokens);
  return tokens;
}

T2UE_INLINE void ClipTokenizer::encode_into(std::string_view text, std::span<int32_t> row,
                                            Truncation truncation) const {
  std::vector<int32_t> tokens = {start_token()};
  tokens.reserve(2 * row.size());
  append_text(text, row.size(), tokens);
  if (tokens.size() < row.size())
    tokens.push_back(end_token());
  else if (truncation == Truncation::keep_end)
    tokens[row.size() - 1] = end_token();
  tokens.resize(row.size(), pad_token);
  std::copy(tokens.begin(), tokens.end(), row.begin());
}

T2UE_INLINE std::vector<int32_t> ClipTokenizer::encode(std::string_view text, int context_length,
                                                       Truncation truncation) const {
  check(context_length >= 2, "clip tokenizer", "a context holds at least the start and end tokens, not ",
        context_length);
  std::vector<int32_t> row(static_cast<size_t>(context_length));
  encode_into(text, row, truncation);
  return row;
}

T2UE_INLINE std::vector<int32_t> ClipTokenizer::encode_batch(std::span<const std::string> texts,
                                                             int context_length,
                                                             Truncation truncation) const {
  check(context_length >= 2, "clip tokenizer", "a context holds at least the start and end tokens, not ",
        context_length);
  const auto length = static_cast<size_t>(context_length);
  std::vector<int32_t> ids(texts.size() * length);
  std::mutex mutex;  // exceptions may not leave a parallel loop
  size_t failed = texts.size();
  std::exception_ptr failure;
  cpu::parallel_for(static_cast<int64_t>(texts.size()), 4096, [&](int64_t i) {
    const auto at = static_cast<size_t>(i);
    try {
      encode_into(texts[at], std::span(ids).subspan(at * length, length), truncation);
    } catch (...) {
      const std::lock_guard lock(mutex);
      if (at < failed) failed = at, failure = std::current_exception();
    }
  });
  try {
    if (failure) std::rethrow_exception(failure);
  } catch (const Error& error) {
    fail("clip tokenizer", "text ", failed, ": ", error.what());
  }
  return ids;
}

T2UE_INLINE std::string ClipTokenizer::decode(std::span<const int32_t> tokens) const {
  std::string bytes;
  for (const int32_t token : tokens) {
    check(token >= 0 && token < vocab_size(), "clip tokenizer", "token ", token,
          " is outside the vocabulary of ", vocab_size());
    if (token == end_token()) break;
    if (token == start_token()) continue;
    bytes += vocabulary_.text(token);
    if (vocabulary_.ends_word(token)) bytes += ' ';
  }
  if (bytes.ends_with(' ')) bytes.pop_back();
  return unicode::replace_invalid(bytes);
}

}  // namespace t2ue
