// Noise of captions: made, kept, put onto pictures, audited. Opens no training loop; <t2ue/train.hpp> has those.
#pragma once

#include <t2ue/data/image/image.hpp>
#include <t2ue/data/image/image_codec.hpp>
#include <t2ue/methods/t2ue_source.hpp>
#include <t2ue/noise/apply.hpp>
#include <t2ue/noise/audit.hpp>
#include <t2ue/noise/budget.hpp>
#include <t2ue/noise/manifest.hpp>
#include <t2ue/noise/method_card.hpp>
#include <t2ue/noise/noise.hpp>
#include <t2ue/noise/noise_lookup.hpp>
#include <t2ue/noise/noise_memory.hpp>
#include <t2ue/noise/noise_source.hpp>
