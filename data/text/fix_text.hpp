// Repairs of text that was damaged on its way: what ftfy.fix_text does before CLIP's tokenizer sees it.
#pragma once

#include <string>
#include <string_view>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// `text` as ftfy.fix_text (version 6) leaves it, but for mojibake (UTF-8 that was read as another encoding,
/// "cafÃ©"), which is not repaired. Line by line, again and again until nothing changes: HTML references by
/// html_unescape_careful(), from the first line with a '<' on no longer; the controls U+0080..U+009F read as
/// windows-1252; Latin ligatures and digraphs taken apart; full- and half-width forms in normal width; curly
/// quotes straight; line breaks to '\n'; terminals' colour codes, control characters, byte order marks and
/// annotation marks removed; Normalization Form C. Throws Error where HTML references nest more than 100
/// deep.
std::u32string fix_text(std::u32string_view text);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/text/fix_text.inl.hpp>
#endif
