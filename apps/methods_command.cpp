// `t2ue methods`: what every method needs, promises and costs.
#include <algorithm>

#include <t2ue/methods/registry.hpp>
#include <t2ue/report/text_table.hpp>

#include "commands.hpp"

namespace t2ue::apps {

namespace {

nlohmann::json json_of(const MethodEntry& method) {
  nlohmann::json json = to_json(method.card);
  json["options"] = nlohmann::json::array();
  for (const MethodOption& option : method.options)
    json["options"].push_back(
        {{"name", option.name}, {"default", nlohmann::json::parse(option.otherwise)}, {"help", option.help}});
  return json;
}

/// What is read of each item: "label", "text", "image" or "-".
std::string needs_of(const MethodCard& card) {
  std::string needs;
  for (const auto& [needed, name] : {std::pair(card.needs_label, "label"), std::pair(card.needs_text, "text"),
                                     std::pair(card.needs_image, "image")})
    if (needed) needs += (needs.empty() ? "" : "+") + std::string(name);
  return needs.empty() ? "-" : needs;
}

/// "linf 8/255", "l2 1.00", "l0 1" or "none".
std::string budget_of(const MethodCard& card) {
  const std::string norm(name_of(card.norm));
  if (card.norm == Norm::linf) return concat(norm, ' ', card.max_steps(), "/255");
  if (card.norm == Norm::l2) return norm + ' ' + format_number(card.eps, 2);
  return card.norm == Norm::l0 ? concat(norm, ' ', card.eps) : norm;
}

Result list_methods() {
  Result result{nlohmann::json::object(), "", 0};
  TextTable table{
      "",
      {{"method", false},
       {"needs", false},
       {"budget", false},
       {"contact", false},
       {"cost", false},
       {"what it is", false}},
      {},
      {"contact: what has to be seen of the pictures; transform: nothing is added, the picture changes",
       "cost: A algorithmic, S surrogates are trained, G a generator is trained once",
       "budgets are those without options, l2 for 32 x 32; options: t2ue methods NAME"}};
  nlohmann::json& list = result.json["methods"] = nlohmann::json::array();
  for (const MethodEntry& method : all_methods()) {
    const MethodCard& card = method.card;
    list.push_back(json_of(method));
    table.rows.push_back({card.name, needs_of(card), budget_of(card), std::string(name_of(card.independence)),
                          std::string(name_of(card.cost)), card.summary});
  }
  result.text = to_text(table);
  result.text.pop_back();  // the last line's end, which print_result adds
  return result;
}

Result one_method(const std::string& name) {
  const MethodEntry& method = *as_usage([&] { return &method_named(name); });
  const MethodCard& card = method.card;
  std::string text =
      concat(card.name, ": ", card.summary, "\nneeds ", needs_of(card), ", budget ", budget_of(card), ", ",
             name_of(card.independence), ", cost class ", name_of(card.cost));
  if (!card.additive) text += "\nchanges the picture as a whole; there is no noise to make from afar";
  for (const MethodOption& option : method.options)
    text += concat("\n  ", option.name, " = ", option.otherwise, "  ", option.help);
  return {json_of(method), text, 0};
}

}  // namespace

void add_methods(CLI::App& app, Globals& globals) {
  CLI::App& command = add_command(app, "methods", "List the methods: what each needs, promises and costs",
                                  "methods ar", globals);
  const auto name = std::make_shared<std::string>();
  command.add_option("name", *name, "One method, with its options");
  command.callback([name, &globals] {
    globals.action = [name] { return name->empty() ? list_methods() : one_method(*name); };
  });
}

}  // namespace t2ue::apps
