import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.server.JournalType;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;
import org.apache.activemq.artemis.core.settings.impl.AddressSettings;

/** Artemis with MQTT alone, no login, and its journal in a folder. Arguments: the port, and the folder. */
public class Artemis {
  public static void main(String[] arguments) throws Exception {
    String folder = arguments[1];
    ConfigurationImpl configuration = new ConfigurationImpl();
    configuration.setPersistenceEnabled(true).setSecurityEnabled(false);
    configuration.setJournalType(JournalType.NIO).setJournalFileSize(1 << 20).setJournalDirectory(folder + "/journal");
    configuration.setBindingsDirectory(folder + "/bindings");
    configuration.setPagingDirectory(folder + "/paging");
    configuration.setLargeMessagesDirectory(folder + "/large-messages");
    configuration.addAcceptorConfiguration("mqtt", "tcp://127.0.0.1:" + arguments[0] + "?protocols=MQTT");
    AddressSettings settings = new AddressSettings();
    settings.setAutoCreateAddresses(true).setAutoCreateQueues(true);
    configuration.addAddressSetting("#", settings);

    EmbeddedActiveMQ broker = new EmbeddedActiveMQ();
    broker.setConfiguration(configuration);
    broker.start();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(broker)));
    Thread.currentThread().join();
  }

  private static void stop(EmbeddedActiveMQ broker) {
    try {
      broker.stop();
    } catch (Exception error) {
      error.printStackTrace();
    }
  }
}
