import com.hivemq.HiveMQServer;
import com.hivemq.configuration.service.InternalConfigurations;

/** HiveMQ lets nobody in until an extension decides who may. There is none here: everybody may. */
public class Hivemq {
  public static void main(String[] arguments) throws Exception {
    InternalConfigurations.AUTH_DENY_UNAUTHENTICATED_CONNECTIONS.set(false);
    HiveMQServer.main(arguments);
  }
}
