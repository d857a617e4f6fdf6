// Zero-shot classification by a model that never saw a label: a class is the mean direction of sentences
// about it (Radford et al. 2021, section 3.1.4).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include <t2ue/core/config.hpp>

namespace t2ue {

/// Features [texts, dim] of texts, of any length. A row must not depend on its neighbours.
using TextEncoding = std::function<std::vector<float>(std::span<const std::string>)>;

/// One unit row a class, [classes, dim]: w_c = u / |u| with u = mean over the templates t of f(t, c) / |f(t,
/// c)|, f(t, c) being what `encode` makes of template t with the class's name in it. Sums are in double, so
/// classes with the same prompts have the same bits. Throws Error without a class or a template, for a
/// template that check_template() refuses, features of another size, and where u is zero or not finite.
std::vector<float> class_embeddings(std::span<const std::string> class_names,
                                    std::span<const std::string> templates, int64_t dim,
                                    const TextEncoding& encode);

/// The scores of every picture with every class, [pictures, classes]: the dot products of `image_features`
/// [pictures, dim] and `classes` [classes, dim], each summed in double in one order, so that equal classes
/// tie exactly. What classification() takes. Throws Error unless both are whole rows.
std::vector<float> class_scores(std::span<const float> image_features, std::span<const float> classes,
                                int64_t dim);

}  // namespace t2ue

#if !T2UE_COMPILED
#include <t2ue/eval/zero_shot.inl.hpp>
#endif
