// Includes every op.
#pragma once

#include <t2ue/core/ops/activation.hpp>
#include <t2ue/core/ops/add.hpp>
#include <t2ue/core/ops/attention.hpp>
#include <t2ue/core/ops/augment.hpp>
#include <t2ue/core/ops/batch_norm.hpp>
#include <t2ue/core/ops/class_separability.hpp>
#include <t2ue/core/ops/concat.hpp>
#include <t2ue/core/ops/conv2d.hpp>
#include <t2ue/core/ops/embedding.hpp>
#include <t2ue/core/ops/info_nce.hpp>
#include <t2ue/core/ops/layer_norm.hpp>
#include <t2ue/core/ops/linear.hpp>
#include <t2ue/core/ops/losses.hpp>
#include <t2ue/core/ops/mixup.hpp>
#include <t2ue/core/ops/noise_rows.hpp>
#include <t2ue/core/ops/perturb.hpp>
#include <t2ue/core/ops/pool.hpp>
#include <t2ue/core/ops/resize.hpp>
#include <t2ue/core/ops/upsample_sscbn_relu.hpp>
