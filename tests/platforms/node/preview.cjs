// Reads [{engine, survey, people: [{audience, answers}]}] and says for each person what the preview's own engine
// would ask and save.
const vm = require("node:vm");
const given = JSON.parse(require("fs").readFileSync(0, "utf8"));
const found = given.map(({ engine, survey, people }) => {
  const held = vm.runInNewContext(`${engine}; ({ person, row, table })`);
  const respondents = people.map((one, place) => ({ ...one, id: `p${place}`, language: "en", finished: true }));
  return {
    asked: people.map(({ audience, answers }) => {
      const one = held.person(survey, audience, answers);
      return Object.keys(survey.items).filter((id) => one.asked(id));
    }),
    table: held.table(survey, respondents),
  };
});
console.log(JSON.stringify(found));
