// Reads [{expression, values}] and says for each what SurveyJS makes of it; survey-core's path is the argument.
const { ConditionRunner } = require("survey-core");
const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
const held = asked.map(({ expression, values }) => {
  const runner = new ConditionRunner(expression);
  return runner.runValues ? runner.runValues(values, {}) : runner.run(values, {});
});
console.log(JSON.stringify(held));
