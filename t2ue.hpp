// The whole library.
#pragma once

#include <t2ue/core/config.hpp>
#include <t2ue/core/error.hpp>
