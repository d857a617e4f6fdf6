// The table of kernels: for every op a plain argument struct (core/args/) and a function pointer that a
// backend fills in. `visit` of an argument struct says what a launch reads and writes; liveness, addresses
// and error messages all follow from it. In the comments, matrices are [rows, columns] and pictures
// [N,H,W,C].
#pragma once

#include <t2ue/core/args/layers.hpp>
#include <t2ue/core/args/losses.hpp>
#include <t2ue/core/args/pictures.hpp>
#include <t2ue/core/args/training.hpp>
#include <t2ue/core/device.hpp>

namespace t2ue {

/// Every op: the slot's name and its arguments. The only list of ops; tables are made from it.
// clang-format off
#define T2UE_OPS(X) \
  X(linear, LinearArgs) X(linear_grad, LinearGradArgs) X(conv2d, Conv2dArgs) \
  X(conv2d_grad, Conv2dGradArgs) X(batch_norm, BatchNormArgs) X(batch_norm_grad, BatchNormGradArgs) \
  X(layer_norm, LayerNormArgs) X(layer_norm_grad, LayerNormGradArgs) X(attention, AttentionArgs) \
  X(attention_grad, AttentionGradArgs) X(embedding, EmbeddingArgs) \
  X(embedding_grad, EmbeddingGradArgs) X(prepend_token, PrependTokenArgs) \
  X(prepend_token_grad, PrependTokenGradArgs) X(gather_token, GatherTokenArgs) \
  X(gather_token_grad, GatherTokenGradArgs) X(pool2d, Pool2dArgs) X(pool2d_grad, Pool2dGradArgs) \
  X(mean_pool, MeanPoolArgs) X(mean_pool_grad, MeanPoolGradArgs) \
  X(concat_channels, ConcatChannelsArgs) X(concat_channels_grad, ConcatChannelsGradArgs) \
  X(activation, ActivationArgs) \
  X(activation_grad, ActivationGradArgs) X(add, AddArgs) X(cast, CastArgs) \
  X(residual_scale, ResidualScaleArgs) X(residual_scale_grad, ResidualScaleGradArgs) \
  X(upsample_sscbn_relu, UpsampleSscbnReluArgs) X(upsample_sscbn_relu_grad, UpsampleSscbnReluGradArgs) \
  X(mask_sigmoid, MaskSigmoidArgs) X(mask_sigmoid_grad, MaskSigmoidGradArgs) X(resize, ResizeArgs) \
  X(resize_grad, ResizeGradArgs) X(l2_normalize, L2NormalizeArgs) \
  X(l2_normalize_grad, L2NormalizeGradArgs) X(info_nce, InfoNceArgs) X(info_nce_grad, InfoNceGradArgs) \
  X(cross_entropy, CrossEntropyArgs) X(cross_entropy_grad, CrossEntropyGradArgs) \
  X(perturb, PerturbArgs) X(perturb_grad, PerturbGradArgs) X(augment, AugmentArgs) \
  X(augment_grad, AugmentGradArgs) X(mixup, MixupArgs) X(fill, FillArgs) X(clamp, ClampArgs) \
  X(grad_norm, GradNormArgs) X(adam, AdamArgs) X(sgd, SgdArgs) X(ema, EmaArgs) \
  X(gather_rows, GatherRowsArgs) X(sign_step, SignStepArgs) \
  X(class_separability, ClassSeparabilityArgs) \
  X(class_separability_grad, ClassSeparabilityGradArgs) \
  X(retrieval_counts, RetrievalCountsArgs)
// clang-format on

/// A backend: one function for each op, null where it has none.
struct Kernels {
  template <class Args>
  using Fn = void (*)(const Args&, Stream);

  const char* name = "";
#define T2UE_SLOT(op, Args) Fn<Args> op = nullptr;
  T2UE_OPS(T2UE_SLOT)
#undef T2UE_SLOT
};

/// The op of an argument struct: its name and its slot. No two ops share a struct.
template <class Args>
struct OpOf;
#define T2UE_OP_OF(op, Args)                   \
  template <>                                  \
  struct OpOf<Args> {                          \
    static constexpr const char* name = #op;   \
    static constexpr auto slot = &Kernels::op; \
  };
T2UE_OPS(T2UE_OP_OF)
#undef T2UE_OP_OF

}  // namespace t2ue
