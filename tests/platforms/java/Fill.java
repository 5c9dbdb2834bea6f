import java.io.*;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import org.javarosa.core.model.*;
import org.javarosa.core.model.data.*;
import org.javarosa.core.model.instance.InstanceInitializationFactory;
import org.javarosa.core.services.transport.payload.ByteArrayPayload;
import org.javarosa.form.api.*;
import org.javarosa.model.xform.XFormSerializingVisitor;
import org.javarosa.xform.util.XFormUtils;

/**
 * Fills an XForm with JavaRosa, the engine of ODK Collect, as people would: from the first question to the last, an
 * answer only where the question is shown. Arguments, three for each form: the form, a file of answers ("person TAB
 * question TAB value" a line), a folder for the submissions. Fails where an answer is refused.
 */
public class Fill {
  public static void main(String[] given) throws Exception {
    new org.javarosa.model.xform.XFormsModule().registerModule();
    for (int place = 0; place < given.length; place += 3) fill(given[place], given[place + 1], given[place + 2]);
  }

  private static void fill(String formFile, String answersFile, String folder) throws Exception {
    Map<String, Map<String, String>> people = new LinkedHashMap<>();
    for (String line : Files.readAllLines(Path.of(answersFile), StandardCharsets.UTF_8)) {
      String[] parts = line.split("\t", -1);
      Map<String, String> held = people.computeIfAbsent(parts[0], key -> new HashMap<>());
      if (!parts[1].isEmpty()) held.put(parts[1], parts[2]);
    }
    for (Map.Entry<String, Map<String, String>> person : people.entrySet()) {
      FormDef form = XFormUtils.getFormFromInputStream(new FileInputStream(formFile));
      FormEntryModel model = new FormEntryModel(form);
      FormEntryController controller = new FormEntryController(model);
      form.initialize(true, new InstanceInitializationFactory());
      controller.jumpToIndex(FormIndex.createBeginningOfFormIndex());
      int event;
      while ((event = controller.stepToNextEvent()) != FormEntryController.EVENT_END_OF_FORM) {
        if (event == FormEntryController.EVENT_QUESTION) answer(controller, model.getQuestionPrompt(), person.getValue());
      }
      form.postProcessInstance();
      ByteArrayPayload made = (ByteArrayPayload) new XFormSerializingVisitor().createSerializedPayload(form.getInstance());
      Files.copy(made.getPayloadStream(), Path.of(folder, person.getKey() + ".xml"), StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private static void answer(FormEntryController controller, FormEntryPrompt prompt, Map<String, String> held) throws Exception {
    String name = prompt.getIndex().getReference().getNameLast();
    String value = held.get(name);
    if (value == null) return;
    int result = controller.answerQuestion(prompt.getIndex(), data(prompt, value), true);
    if (result != FormEntryController.ANSWER_OK) throw new IllegalStateException(name + " refused " + value + ": " + result);
  }

  private static IAnswerData data(FormEntryPrompt prompt, String value) {
    List<SelectChoice> choices = prompt.getSelectChoices();
    if (choices == null || choices.isEmpty())
      return prompt.getDataType() == Constants.DATATYPE_DECIMAL ? new DecimalData(Double.parseDouble(value)) : new StringData(value);
    List<org.javarosa.core.model.data.helper.Selection> chosen = new ArrayList<>();
    for (String code : value.split(" "))
      for (SelectChoice choice : choices) if (choice.getValue().equals(code)) chosen.add(choice.selection());
    return prompt.getControlType() == Constants.CONTROL_SELECT_MULTI ? new MultipleItemsData(chosen) : new SelectOneData(chosen.get(0));
  }
}
