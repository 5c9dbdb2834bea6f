// Reads [{survey, people: [{question: value}], languages}] and fills each survey as people would, from the first question
// to the last, giving an answer only where the question is shown. Says what SurveyJS finds wrong with the
// survey, what each person saw and what was saved.
const { Model } = require("survey-core");
const given = JSON.parse(require("fs").readFileSync(0, "utf8"));

function fill(survey, answers) {
  const model = new Model(survey);
  const seen = [];
  for (const question of model.getAllQuestions()) {
    if (!question.isVisible || !question.parent.isVisible) continue;
    const key = question.valueName || question.name;
    seen.push([question.name, key, (question.visibleRows || []).map((row) => row.name)]);
    if (answers[key] === undefined) continue;
    question.value = answers[key];
  }
  const done = model.tryComplete ? model.tryComplete() : model.completeLastPage();
  return { seen, saved: model.data, done };
}

function titles(survey, languages) {
  const model = new Model(survey);
  return Object.fromEntries(
    languages.map((language) => {
      model.locale = language;
      return [language, model.locTitle.renderedHtml];
    }),
  );
}

const found = given.map(({ survey, people, languages }) => {
  const model = new Model(survey);
  return {
    jsonErrors: (model.jsonErrors || []).map((error) => error.message),
    expressions: model.validateExpressions(),
    titles: titles(survey, languages || []),
    people: people.map((answers) => fill(survey, answers)),
  };
});
console.log(JSON.stringify(found, (key, value) => (key === "obj" ? undefined : value)));
