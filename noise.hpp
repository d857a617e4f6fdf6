// Noise: made from captions by a generator file, kept in files, put onto pictures, audited.
#pragma once

#include <t2ue/core/atomic_file.hpp>
#include <t2ue/data/image/image.hpp>
#include <t2ue/data/image/image_codec.hpp>
#include <t2ue/methods/t2ue_source.hpp>
#include <t2ue/noise/apply.hpp>
#include <t2ue/noise/audit.hpp>
#include <t2ue/noise/budget.hpp>
#include <t2ue/noise/key_index.hpp>
#include <t2ue/noise/manifest.hpp>
#include <t2ue/noise/method_card.hpp>
#include <t2ue/noise/noise.hpp>
#include <t2ue/noise/noise_lookup.hpp>
#include <t2ue/noise/noise_memory.hpp>
#include <t2ue/noise/noise_shards.hpp>
#include <t2ue/noise/noise_source.hpp>
#include <t2ue/noise/picture_transform.hpp>
#include <t2ue/noise/protect_folder.hpp>
#include <t2ue/noise/shard_job.hpp>
