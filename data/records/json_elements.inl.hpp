#pragma once

#include <array>
#include <istream>
#include <nlohmann/json.hpp>
#include <streambuf>

#include <t2ue/core/error.hpp>
#include <t2ue/data/records/json_elements.hpp>

namespace t2ue {
namespace detail {

/// Hands a stream on in blocks and counts its bytes: what one element may take up.
class MeteredText : public std::streambuf {
 public:
  MeteredText(std::streambuf& source, const std::string& where) : source_(source), where_(where) {}
  /// An element begins or ends here.
  void restart() { begun_ = read_ - (egptr() - gptr()); }

 private:
  int_type underflow() override {
    check(read_ - begun_ <= most, "dataset", where_, ": an entry before byte ", read_, " has more than ",
          most >> 20, " MiB; is this a file of captions?");
    const std::streamsize got = source_.sgetn(block_.data(), static_cast<std::streamsize>(block_.size()));
    if (got <= 0) return traits_type::eof();
    read_ += got;
    setg(block_.data(), block_.data(), block_.data() + got);
    return traits_type::to_int_type(block_.front());
  }

  static constexpr std::streamoff most = std::streamoff{8} << 20;
  std::streambuf& source_;
  const std::string& where_;
  std::array<char, 1 << 16> block_;
  std::streamoff read_ = 0, begun_ = 0;
};

}  // namespace detail

T2UE_INLINE void read_json_elements(std::istream& text, const std::string& where,
                                    const std::set<std::string>& lists,
                                    const std::function<void(const std::string& list, size_t number,
                                                             const nlohmann::json& object)>& element) {
  using Event = nlohmann::json::parse_event_t;
  std::set<std::string> seen;
  std::string member;  // of the root, being read
  bool wanted = false;
  size_t number = 0;
  detail::MeteredText metered(*text.rdbuf(), where);
  // Depths: 0 the root, 1 its members, 2 the elements of a list. What the callback refuses is not kept.
  const auto visit = [&](int depth, Event event, nlohmann::json& value) {
    check(depth <= 100, "dataset", where, ": \"", member, "\" holds values nested more than 100 deep");
    if (depth <= 2 || !wanted) metered.restart();
    if (depth == 0) {
      check(event == Event::object_start || event == Event::object_end, "dataset", where,
            ": the JSON is not an object");
      return true;
    }
    if (depth == 1 && event == Event::key) {
      member = value.get<std::string>();
      wanted = lists.contains(member);
      number = 0;
      return true;
    }
    if (!wanted) return false;
    if (depth == 1) {
      check(event == Event::array_start || event == Event::array_end, "dataset", where, ": \"", member,
            "\" is not a list");
      seen.insert(member);
      return true;
    }
    if (depth > 2) return true;
    check(event == Event::object_start || event == Event::object_end, "dataset", where, ": \"", member, "\" ",
          number, " is not an object");
    if (event == Event::object_start) return true;
    element(member, number++, value);
    return false;
  };
  try {
    std::istream stream(&metered);
    [[maybe_unused]] const auto rest = nlohmann::json::parse(stream, visit);
  } catch (const nlohmann::json::exception& error) {
    fail("dataset", where, " is not valid JSON: ", std::string_view(error.what()).substr(0, 300));
  }
  for (const std::string& list : lists)
    check(seen.contains(list), "dataset", where, " has no list \"", list, "\"");
}

}  // namespace t2ue
