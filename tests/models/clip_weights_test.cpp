// CLIP's weights under open_clip's and Hugging Face's names.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>
#include <regex>
#include <t2ue/models/clip/clip.hpp>
#include <t2ue/models/configs.hpp>
#include <t2ue/models/weights/clip_export.hpp>
#include <t2ue/models/weights/clip_import.hpp>
#include <t2ue/models/weights/positions.hpp>

#include "errors.hpp"
#include "models/reference.hpp"

namespace t2ue {
namespace {

using testing_errors::expect_error;
using testing_models::Formula;

using Listing = std::map<std::string, std::string>;  // name: "F32 [2, 3]"

Listing listing_of_file(const std::string& name) {
  std::ifstream stream(testing_paths::reference_path(name + ".txt"));
  Listing listing;
  for (std::string tensor, rest; stream >> tensor && std::getline(stream, rest);)
    listing[tensor] = rest.substr(1);
  return listing;
}

std::string path_of(const std::string& name) {
  return testing::TempDir() + "clip_weights_" + name + ".safetensors";
}

ClipConfig tiny(const std::string& vision, const std::string& embed = "8") {
  return clip_config_from_json(
      nlohmann::json::parse(
          R"({"embed_dim":)" + embed + R"(,"vision_cfg":)" + vision +
          R"(,"text_cfg":{"context_length":5,"vocab_size":19,"width":8,"heads":2,"layers":2}})"),
      "tiny");
}
ClipConfig tiny_vit(int size = 8) {
  return tiny(concat(R"({"image_size":)", size, R"(,"layers":2,"width":12,"head_width":6,"patch_size":4})"));
}
ClipConfig tiny_resnet(int size = 64) {
  return tiny(concat(R"({"image_size":)", size, R"(,"layers":[2,1,1,1],"width":2,"head_width":16})"));
}

/// A CLIP filled by the formula, or zero.
struct Filled {
  Clip model;
  ParameterSet parameters;

  explicit Filled(const ClipConfig& config, bool fill = true) : model(config), parameters(model, 1) {
    for (Parameter* parameter : parameters.all()) {
      if (fill)
        testing_models::fill(*parameter);
      else
        parameter->value.assign(std::vector<float>(static_cast<size_t>(parameter->shape.elements())));
    }
  }
  std::vector<float> at(const std::string& name) const {
    for (const Parameter* parameter : parameters.all())
      if (parameter->name == name) return parameter->value.to_vector<float>();
    ADD_FAILURE() << "no parameter " << name;
    return {};
  }
};

void expect_same_bits(const ParameterSet& a, const ParameterSet& b) {
  ASSERT_EQ(a.all().size(), b.all().size());
  for (size_t i = 0; i < a.all().size(); ++i)
    EXPECT_EQ(a.all()[i]->value.to_vector<float>(), b.all()[i]->value.to_vector<float>()) << a.all()[i]->name;
}

/// Tensors to be changed and written.
struct Editable {
  struct Entry {
    SafetensorsType dtype;
    std::vector<int64_t> shape;
    std::vector<std::byte> bytes;
  };
  std::map<std::string, Entry> tensors;

  explicit Editable(const std::string& path) {
    const SafetensorsFile file(path);
    for (const auto& [name, view] : file.tensors())
      tensors[name] = {view.dtype, view.shape, {view.bytes.begin(), view.bytes.end()}};
  }
  template <class T>
  void set(const std::string& name, SafetensorsType dtype, const std::vector<int64_t>& shape,
           const std::vector<T>& values) {
    const auto bytes = std::as_bytes(std::span(values));
    tensors[name] = {dtype, shape, {bytes.begin(), bytes.end()}};
  }
  std::vector<float> floats(const std::string& name) const {
    const Entry& entry = tensors.at(name);
    return to_floats({entry.dtype, entry.shape, entry.bytes});
  }
  void save(const std::string& path, const std::map<std::string, std::string>& metadata = {}) const {
    SafetensorsWriter writer;
    for (const auto& [name, entry] : tensors) writer.add(name, entry.dtype, entry.shape, entry.bytes);
    writer.save(path, metadata);
  }
};

TEST(ClipWeights, OpenClipsStateIsTheOneListed) {
  for (const auto& [name, list] :
       {std::pair{"ViT-B-32", "open_clip_vit_b_32"}, std::pair{"RN50", "open_clip_rn50"}}) {
    Clip model(clip_config(name));
    Listing listing;
    for (const auto& [tensor, state] : open_clip_state(model))
      listing[tensor] = concat(name_of(state.dtype), " ", shape_text(state.shape));
    EXPECT_EQ(listing, listing_of_file(list)) << name;
  }
}

TEST(ClipWeights, HuggingFacesStateIsTheOneListed) {
  Clip model(clip_config("ViT-B-32"));
  Listing listing;
  for_each_parameter(model, [&](const std::string& name, const Parameter& parameter) {
    const ForeignWeight weight = foreign_weight(name, parameter.shape, ClipNames::hugging_face);
    for (const std::string& part : weight.names) listing[part] = "F32 " + shape_text(weight.shape);
  });
  Listing expected = listing_of_file("hugging_face_vit_b_32");
  EXPECT_EQ(std::erase_if(expected, [](const auto& entry) { return is_bookkeeping(entry.first); }), 2u);
  EXPECT_EQ(listing, expected);
}

TEST(ClipWeights, WhatIsExportedIsImportedToTheSameBits) {
  for (const ClipConfig& config : {tiny_vit(), tiny_resnet()}) {
    Filled from(config), to(config, false);
    const std::string path = path_of("round");
    export_clip(path, from.model, from.parameters);
    const WeightReport report = import_clip(path, to.parameters);
    expect_same_bits(from.parameters, to.parameters);
    EXPECT_EQ(report.names, ClipNames::open_clip);
    EXPECT_EQ(report.loaded.size() + report.ignored.size(), open_clip_state(from.model).size());
    EXPECT_EQ(report.ignored.empty(), config.vit.has_value());
    EXPECT_TRUE(report.resized.empty());
    EXPECT_EQ(SafetensorsFile(path).metadata().at("format"), "pt");  // without it transformers refuses a file
  }
}

TEST(ClipWeights, HalvesAreReadExactly) {
  const auto narrowed = [](const auto& narrow, SafetensorsType dtype) {
    Filled from(tiny_vit()), to(tiny_vit(), false);
    const std::string path = path_of("narrow");
    export_clip(path, from.model, from.parameters);
    Editable file(path);
    for (const auto& [name, entry] : Editable(file).tensors) {
      using Narrow = decltype(narrow(0.0f));
      std::vector<Narrow> values;
      for (const float x : file.floats(name)) values.push_back(narrow(x));
      file.set(name, dtype, entry.shape, values);
    }
    file.save(path);
    import_clip(path, to.parameters);
    for (Parameter* parameter : from.parameters.all()) {
      std::vector<float> values = parameter->value.to_vector<float>();
      for (float& x : values) x = static_cast<float>(narrow(x));
      parameter->value.assign(values);
    }
    expect_same_bits(from.parameters, to.parameters);
  };
  narrowed([](float x) { return static_cast<_Float16>(x); }, SafetensorsType::F16);
  narrowed([](float x) { return bf16(x); }, SafetensorsType::BF16);
  narrowed([](float x) { return static_cast<double>(x); }, SafetensorsType::F64);
}

/// Every tensor filled by the formula under their name, in their layout.
void write_by_formula(const std::string& path, Clip& model) {
  SafetensorsWriter writer;
  std::map<std::string, std::vector<float>> kept;
  for (const auto& [name, state] : open_clip_state(model)) {
    if (state.dtype != SafetensorsType::F32) continue;
    int64_t count = 1;
    for (const int64_t size : state.shape) count *= size;
    kept[name] = testing_models::uniform_values(name, count);
    writer.add<float>(name, state.shape, kept[name]);
  }
  writer.save(path);
}

TEST(ClipWeights, LayoutsAreOurs) {
  Filled vit(tiny_vit(), false), resnet(tiny_resnet(), false);
  const std::string path = path_of("layout");
  write_by_formula(path, vit.model);
  import_clip(path, vit.parameters);
  const auto value = [](const std::string& name, size_t i) {
    return static_cast<float>(Formula(name).uniform(i));
  };
  const std::vector<float> patches = vit.at("visual.conv1.weight"), visual = vit.at("visual.proj"),
                           text = vit.at("text_projection"),
                           packed = vit.at("transformer.resblocks.1.attn.in_proj_weight");
  for (size_t o = 0; o < 12; ++o)
    for (size_t h = 0; h < 4; ++h)
      for (size_t w = 0; w < 4; ++w)
        for (size_t c = 0; c < 3; ++c)
          EXPECT_EQ(patches[((o * 4 + h) * 4 + w) * 3 + c],
                    value("visual.conv1.weight", ((o * 3 + c) * 4 + h) * 4 + w));
  for (size_t e = 0; e < 8; ++e) {
    for (size_t w = 0; w < 12; ++w) EXPECT_EQ(visual[e * 12 + w], value("visual.proj", w * 8 + e));
    for (size_t w = 0; w < 8; ++w) EXPECT_EQ(text[e * 8 + w], value("text_projection", w * 8 + e));
  }
  for (size_t i = 0; i < packed.size(); ++i)
    EXPECT_EQ(packed[i], value("transformer.resblocks.1.attn.in_proj_weight", i));
  EXPECT_EQ(vit.at("logit_scale"), std::vector<float>{value("logit_scale", 0)});

  write_by_formula(path, resnet.model);
  import_clip(path, resnet.parameters);
  const std::vector<float> pool = resnet.at("visual.attnpool.qkv_proj.weight"),
                           bias = resnet.at("visual.attnpool.qkv_proj.bias");
  const size_t width = 64;
  ASSERT_EQ(pool.size(), 3 * width * width);
  for (size_t part = 0; part < 3; ++part) {
    const std::string name = std::string("visual.attnpool.") + "qkv"[part] + "_proj.";
    for (size_t i = 0; i < width * width; ++i)
      EXPECT_EQ(pool[part * width * width + i], value(name + "weight", i));
    for (size_t i = 0; i < width; ++i) EXPECT_EQ(bias[part * width + i], value(name + "bias", i));
  }
}

/// The same weights as transformers' conversion script names and lays them out, from an open_clip file.
Editable as_hugging_face(const Editable& file) {
  const std::vector<std::pair<std::regex, std::string>> rules{
      {std::regex("^visual\\.transformer\\.resblocks"), "vision_model.encoder.layers"},
      {std::regex("^transformer\\.resblocks"), "text_model.encoder.layers"},
      {std::regex("^visual\\.conv1"), "vision_model.embeddings.patch_embedding"},
      {std::regex("^visual\\.class_embedding"), "vision_model.embeddings.class_embedding"},
      {std::regex("^visual\\.positional_embedding"), "vision_model.embeddings.position_embedding.weight"},
      {std::regex("^positional_embedding"), "text_model.embeddings.position_embedding.weight"},
      {std::regex("^token_embedding"), "text_model.embeddings.token_embedding"},
      {std::regex("^visual\\.ln_pre"), "vision_model.pre_layrnorm"},
      {std::regex("^visual\\.ln_post"), "vision_model.post_layernorm"},
      {std::regex("^ln_final"), "text_model.final_layer_norm"},
      {std::regex("^visual\\.proj"), "visual_projection.weight"},
      {std::regex("^text_projection"), "text_projection.weight"},
      {std::regex("\\.ln_1\\."), ".layer_norm1."},
      {std::regex("\\.ln_2\\."), ".layer_norm2."},
      {std::regex("\\.attn\\."), ".self_attn."},
      {std::regex("\\.c_fc\\."), ".fc1."},
      {std::regex("\\.c_proj\\."), ".fc2."}};
  Editable result = file;
  result.tensors.clear();
  for (const auto& [name, entry] : file.tensors) {
    std::string theirs = name;
    for (const auto& [pattern, replacement] : rules)
      theirs = std::regex_replace(theirs, pattern, replacement);
    const std::vector<float> values = file.floats(name);
    if (const size_t at = theirs.find("in_proj_"); at != std::string::npos) {
      std::vector<int64_t> shape = entry.shape;
      shape[0] /= 3;
      const auto third = static_cast<std::ptrdiff_t>(values.size() / 3);
      for (int part = 0; part < 3; ++part)
        result.set(theirs.substr(0, at) + "qkv"[part] + "_proj." + theirs.substr(at + 8),
                   SafetensorsType::F32, shape,
                   std::vector<float>(values.begin() + part * third, values.begin() + (part + 1) * third));
    } else if (theirs.ends_with("_projection.weight")) {
      const auto rows = static_cast<size_t>(entry.shape[0]), columns = static_cast<size_t>(entry.shape[1]);
      std::vector<float> transposed(values.size());
      for (size_t r = 0; r < rows; ++r)
        for (size_t c = 0; c < columns; ++c) transposed[c * rows + r] = values[r * columns + c];
      result.set(theirs, SafetensorsType::F32, {entry.shape[1], entry.shape[0]}, transposed);
    } else {
      result.tensors[theirs] = entry;
    }
  }
  result.set("text_model.embeddings.position_ids", SafetensorsType::I64, {1, 5},
             std::vector<int64_t>{0, 1, 2, 3, 4});
  return result;
}

TEST(ClipWeights, HuggingFacesFileGivesTheSameBits) {
  Filled from(tiny_vit()), to(tiny_vit(), false);
  const std::string path = path_of("hugging_face");
  export_clip(path, from.model, from.parameters);
  as_hugging_face(Editable(path)).save(path, {{"format", "pt"}});
  const WeightReport report = import_clip(path, to.parameters);
  expect_same_bits(from.parameters, to.parameters);
  EXPECT_EQ(report.names, ClipNames::hugging_face);
  EXPECT_EQ(report.ignored, std::vector<std::string>{"text_model.embeddings.position_ids"});

  Filled resnet(tiny_resnet());
  expect_error([&] { import_clip(path, resnet.parameters); }, {"Hugging Face", "visual.bn1.weight"});
}

TEST(ClipWeights, HuggingFacesNamesAreExportedToo) {
  Filled from(tiny_vit()), to(tiny_vit(), false), resnet(tiny_resnet());
  const std::string ours = path_of("exported_open_clip"), theirs = path_of("exported_hugging_face");
  export_clip(ours, from.model, from.parameters);
  export_clip(theirs, from.model, from.parameters, ClipNames::hugging_face);
  Editable expected = as_hugging_face(Editable(ours));
  expected.tensors.erase("text_model.embeddings.position_ids");
  const Editable written(theirs);
  ASSERT_EQ(written.tensors.size(), expected.tensors.size());
  for (const auto& [name, entry] : expected.tensors) {
    ASSERT_TRUE(written.tensors.contains(name)) << name;
    EXPECT_EQ(written.tensors.at(name).shape, entry.shape) << name;
    EXPECT_EQ(written.tensors.at(name).bytes, entry.bytes) << name;
  }
  import_clip(theirs, to.parameters);
  expect_same_bits(from.parameters, to.parameters);
  expect_error([&] { export_clip(theirs, resnet.model, resnet.parameters, ClipNames::hugging_face); },
               {"Hugging Face", "visual."});
}

TEST(ClipWeights, AReportCountsTheTypes) {
  Filled from(tiny_vit()), to(tiny_vit(), false);
  const std::string path = path_of("types");
  export_clip(path, from.model, from.parameters);
  Editable file(path);
  file.set("logit_scale", SafetensorsType::F16, {}, std::vector<_Float16>{1});
  file.save(path);
  const WeightReport report = import_clip(path, to.parameters);
  const auto all = static_cast<int64_t>(report.loaded.size());
  EXPECT_EQ(report.types,
            (std::map<SafetensorsType, int64_t>{{SafetensorsType::F32, all - 1}, {SafetensorsType::F16, 1}}));
  EXPECT_EQ(report.text(),
            concat(all, " tensors fit (", all - 1, " F32, 1 F16), 0 ignored; open_clip's names"));
}

TEST(ClipWeights, ShardsAreReadAsOneFile) {
  Filled from(tiny_vit()), to(tiny_vit(), false);
  const std::string path = path_of("whole");
  export_clip(path, from.model, from.parameters, ClipNames::hugging_face);
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "clip_weights_shards";
  std::filesystem::create_directories(folder);
  const Editable whole(path);
  Editable shards[2] = {whole, whole};
  nlohmann::json map;
  size_t i = 0;
  for (const auto& [name, entry] : whole.tensors) {
    const size_t shard = i++ % 2;
    shards[1 - shard].tensors.erase(name);
    map[name] = concat("model-0000", shard + 1, "-of-00002.safetensors");
  }
  for (const size_t s : {0, 1})
    shards[s].save(folder / concat("model-0000", s + 1, "-of-00002.safetensors"), {{"format", "pt"}});
  write_file(folder / "model.safetensors.index.json",
             std::string_view(nlohmann::json{{"metadata", {{"total_size", 1}}}, {"weight_map", map}}.dump()));
  const WeightReport report = import_clip(folder / "model.safetensors.index.json", to.parameters);
  EXPECT_EQ(report.loaded.size(), whole.tensors.size());
  expect_same_bits(from.parameters, to.parameters);
}

TEST(ClipWeights, PositionsFollowThePictureSize) {
  for (const auto& [small, large, name, sides] :
       {std::tuple{tiny_vit(8), tiny_vit(20), "visual.positional_embedding", std::pair{2, 5}},
        std::tuple{tiny_resnet(64), tiny_resnet(96), "visual.attnpool.positional_embedding",
                   std::pair{2, 3}}}) {
    Filled from(small), to(large, false);
    const std::string path = path_of("resized");
    export_clip(path, from.model, from.parameters);
    const WeightReport report = import_clip(path, to.parameters);
    EXPECT_EQ(report.resized, std::vector<std::string>{name});
    const std::vector<float> positions = from.at(name);
    const auto channels = static_cast<int64_t>(positions.size()) / (1 + sides.first * sides.first);
    EXPECT_EQ(to.at(name), resize_positions(positions, sides.first, sides.second, channels));
    EXPECT_EQ(to.at("text_projection"), from.at("text_projection"));
  }
}

TEST(ClipWeights, WhatDoesNotFitIsNamedAndNothingIsLoaded) {
  Filled from(tiny_vit()), to(tiny_vit(), false), zero(tiny_vit(), false);
  const std::string path = path_of("unfit");
  export_clip(path, from.model, from.parameters);
  const Editable whole(path);
  const auto refused = [&](const std::function<void(Editable&)>& edit,
                           const std::vector<std::string>& parts) {
    Editable file = whole;
    edit(file);
    file.save(path);
    expect_error([&] { import_clip(path, to.parameters); }, parts);
    expect_same_bits(to.parameters, zero.parameters);
  };
  refused([](Editable& f) { f.tensors.erase("ln_final.bias"); }, {path, "1 missing (ln_final.bias)"});
  refused([](Editable& f) { f.set("visual.extra", SafetensorsType::F32, {1}, std::vector<float>{1}); },
          {"1 unexpected (visual.extra)"});
  refused(
      [](Editable& f) {
        f.set("ln_final.bias", SafetensorsType::F32, {4, 2}, std::vector<float>(8));
      },
      {"1 of another shape or type (ln_final.bias: F32 [4, 2], needed [8])"});
  refused([](Editable& f) { f.set("ln_final.bias", SafetensorsType::I64, {8}, std::vector<int64_t>(8)); },
          {"ln_final.bias: I64 [8], needed [8]"});
  // No square grid; the text's positions are no grid at all.
  for (const auto& [name, rows, width] :
       {std::tuple{"visual.positional_embedding", 7, 12}, std::tuple{"visual.positional_embedding", 0, 12},
        std::tuple{"positional_embedding", 10, 8}})
    refused(
        [&, name = name, rows = rows, width = width](Editable& f) {
          f.set(name, SafetensorsType::F32, {rows, width},
                std::vector<float>(static_cast<size_t>(rows * width)));
        },
        {concat(name, ": F32 [", rows, ", ", width, "]")});
  refused(
      [](Editable& f) {
        std::erase_if(f.tensors, [](const auto& t) { return t.first.starts_with("transformer."); });
      },
      {"24 missing (transformer.resblocks.0.attn.in_proj_bias, ", ", ...)"});
}

TEST(ClipWeights, AWeightThatIsNotFiniteIsNamed) {
  Filled from(tiny_vit()), to(tiny_vit());
  const std::string path = path_of("nan");
  export_clip(path, from.model, from.parameters);
  Editable file(path);
  std::vector<float> values = file.floats("ln_final.bias");
  values[3] = std::numeric_limits<float>::quiet_NaN();
  file.set("ln_final.bias", SafetensorsType::F32, {8}, values);
  file.save(path);
  expect_error([&] { import_clip(path, to.parameters); }, {path, "element 3 of 'ln_final.bias'", "nan"});
}

TEST(ClipWeights, APickleIsRefusedWithTheWayToConvertIt) {
  Filled to(tiny_vit());
  for (const std::string start : {"PK\3\4", "\x80\2}q", "\x80\4\x95\1"}) {
    const std::string path = testing::TempDir() + "clip_weights.pt";
    std::ofstream(path, std::ios::binary) << start << std::string(64, 'x');
    expect_error(
        [&] { import_clip(path, to.parameters); },
        {path, "torch.load('" + path + "'", "safetensors.torch.save_file", "clip_weights.safetensors'"});
  }
  expect_error([&] { import_clip(path_of("absent"), to.parameters); }, {"cannot open"});
}

TEST(ClipWeights, AHeaderWhoseLengthBeginsLikeAPickleIsNone) {
  Filled from(tiny_vit()), to(tiny_vit(), false);
  const std::string path = path_of("length");
  export_clip(path, from.model, from.parameters);
  std::vector<char> file;
  {
    std::ifstream stream(path, std::ios::binary);
    file.assign(std::istreambuf_iterator<char>(stream), {});
  }
  uint64_t length = 0;
  std::memcpy(&length, file.data(), 8);
  ASSERT_LT(length, 0x10280u);
  const uint64_t longer = 0x10280;  // bytes 80 02 01
  file.insert(file.begin() + 8 + static_cast<std::ptrdiff_t>(length), longer - length, ' ');
  std::memcpy(file.data(), &longer, 8);
  std::ofstream(path, std::ios::binary).write(file.data(), static_cast<std::streamsize>(file.size()));
  import_clip(path, to.parameters);
  expect_same_bits(from.parameters, to.parameters);
}

TEST(ClipWeights, OtherFilesAreRefused) {
  Filled to(tiny_vit());
  const std::string path = path_of("other");
  SafetensorsWriter writer;
  const std::vector<float> one{1};
  writer.add<float>("bert.bias", {1}, one);
  writer.save(path);
  expect_error([&] { import_clip(path, to.parameters); }, {path, "no CLIP", "'bert.bias'"});
  writer.save(path, {{"format", "t2ue"}});
  expect_error([&] { import_clip(path, to.parameters); }, {path, "t2ue itself"});
  SafetensorsWriter().save(path);
  expect_error([&] { import_clip(path, to.parameters); }, {path, "no CLIP", "0 tensors"});
  Filled ours(clip_config("emoji-resnet"));
  expect_error([&] { export_clip(path, ours.model, ours.parameters); }, {"emoji-resnet"});
}

}  // namespace
}  // namespace t2ue
