// Many small pictures on one sheet, to look at.
#pragma once

#include <span>

#include <t2ue/core/config.hpp>
#include <t2ue/data/image/image.hpp>

namespace t2ue {

/// `image` as RGB over white, made smaller or larger so that its longer side has `side` pixels.
Image fit_picture(const Image& image, int side);

/// `pictures` in rows of `columns`, each in the middle of a cell of `cell` x `cell` pixels by
/// fit_picture(), with 2 pixels of grey between cells. Throws Error
/// without pictures, and for a sheet of more than 100 million pixels.
Image contact_sheet(std::span<const Image> pictures, int columns, int cell);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/data/image/contact_sheet.inl.hpp>
#endif
