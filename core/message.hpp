// Values joined into text: messages of errors, names, lines of tables.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

#include <t2ue/core/config.hpp>

namespace t2ue {

namespace detail {

/// One value of a text, without its type: a call of concat() or check() only packs these, and one function
/// that is compiled once writes them. It refers to texts and objects: they must live as long as it does.
class TextPart {
 public:
  TextPart(std::string_view text) : kind_(Kind::text), text_(text.data()), size_(text.size()) {}
  TextPart(const std::string& text) : TextPart(std::string_view(text)) {}
  TextPart(const char* text) : TextPart(std::string_view(text)) {}
  TextPart(char value) : kind_(Kind::character), character_(value) {}
  TextPart(signed char value) : TextPart(static_cast<char>(value)) {}
  TextPart(unsigned char value) : TextPart(static_cast<char>(value)) {}
  TextPart(bool value) : TextPart(static_cast<int>(value)) {}
  TextPart(int value) : TextPart(static_cast<long long>(value)) {}
  TextPart(long value) : TextPart(static_cast<long long>(value)) {}
  TextPart(long long value) : kind_(Kind::integer), integer_(value) {}
  TextPart(unsigned value) : TextPart(static_cast<unsigned long long>(value)) {}
  TextPart(unsigned long value) : TextPart(static_cast<unsigned long long>(value)) {}
  TextPart(unsigned long long value) : kind_(Kind::natural), natural_(value) {}
  TextPart(double value) : kind_(Kind::real), real_(value) {}
  /// What says itself what it is, as Shape and Device do with text(), or a std::filesystem::path, in quotes.
  template <class T>
  requires std::is_class_v<T> TextPart(const T& value)
      : kind_(Kind::object), object_(&value), write_(write<T>) {}
  /// A pointer would be written as a truth value.
  TextPart(const void*) = delete;

  /// Appends the value to `text`.
  void append_to(std::string& text) const;

 private:
  template <class T>
  static std::string write(const void* object) {
    const T& value = *static_cast<const T*>(object);
    if constexpr (requires { value.text(); }) {
      return value.text();
    } else {
      static_assert(
          requires { value.lexically_normal(); }, "give the text of a value of this type");
      return quoted(value.native());
    }
  }
  /// As std::quoted writes it, for paths with spaces.
  static std::string quoted(std::string_view text);

  enum class Kind { text, character, integer, natural, real, object };
  Kind kind_;
  union {
    const char* text_;
    char character_;
    long long integer_;
    unsigned long long natural_;
    double real_;
    const void* object_;
  };
  union {
    size_t size_ = 0;
    std::string (*write_)(const void*);
  };
};

std::string joined(std::initializer_list<TextPart> parts);

}  // namespace detail

/// Its arguments in one string, each as an ostream writes it: floating-point numbers with six digits, truth
/// values as 0 and 1, bytes as characters. Takes texts, numbers, characters, plain enumerations and what has
/// a `text()`.
template <class... Parts>
std::string concat(const Parts&... parts) {
  return detail::joined({detail::TextPart(parts)...});
}

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/core/message.inl.hpp>
#endif
