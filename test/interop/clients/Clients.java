// Paho's and HiveMQ's clients for Java: subscribes to PREFIX/#, publishes 30 messages of all QoS there, and prints each that comes back.
// Clients.java CLIENT PORT PREFIX

import com.hivemq.client.mqtt.MqttClient;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt3.Mqtt3AsyncClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

public class Clients {
  static final int count = 30;
  static final CountDownLatch left = new CountDownLatch(count);
  static int port;
  static String prefix;

  public static void main(String[] args) throws Exception {
    port = Integer.parseInt(args[1]);
    prefix = args[2];
    switch (args[0]) {
      case "paho3" -> paho3();
      case "paho5" -> paho5();
      case "hivemq3" -> hivemq3();
      case "hivemq5" -> hivemq5();
      default -> throw new IllegalArgumentException(args[0]);
    }
    System.exit(0);
  }

  static synchronized void got(String topic, byte[] payload, int qos, String device) {
    System.out.println(topic + " " + new String(payload, StandardCharsets.UTF_8) + " " + qos + " " + device);
    left.countDown();
  }

  static void await() throws Exception {
    if (!left.await(60, TimeUnit.SECONDS)) throw new IllegalStateException(left.getCount() + " messages are missing");
  }

  static byte[] payload(int number) {
    return ("" + number).getBytes(StandardCharsets.UTF_8);
  }

  static void paho3() throws Exception {
    var client = new org.eclipse.paho.client.mqttv3.MqttClient("tcp://127.0.0.1:" + port, prefix, null);
    var options = new org.eclipse.paho.client.mqttv3.MqttConnectOptions();
    options.setMqttVersion(org.eclipse.paho.client.mqttv3.MqttConnectOptions.MQTT_VERSION_3_1_1);
    options.setCleanSession(false);
    client.connect(options);
    client.subscribe(prefix + "/#", 2, (topic, message) -> got(topic, message.getPayload(), message.getQos(), ""));
    for (int number = 0; number < count; number++)
      client.publish(prefix + "/" + number, payload(number), number % 3, false);
    await();
    client.disconnect();
  }

  static void paho5() throws Exception {
    var client = new org.eclipse.paho.mqttv5.client.MqttAsyncClient("tcp://127.0.0.1:" + port, prefix, null);
    var options = new org.eclipse.paho.mqttv5.client.MqttConnectionOptions();
    options.setCleanStart(false);
    options.setSessionExpiryInterval(3600L);
    options.setTopicAliasMaximum(10);
    client.connect(options).waitForCompletion();
    client.setCallback(new org.eclipse.paho.mqttv5.client.MqttCallback() {
      public void messageArrived(String topic, org.eclipse.paho.mqttv5.common.MqttMessage message) {
        got(topic, message.getPayload(), message.getQos(), message.getProperties().getUserProperties().get(0).getValue());
      }

      public void disconnected(org.eclipse.paho.mqttv5.client.MqttDisconnectResponse response) {}

      public void mqttErrorOccurred(org.eclipse.paho.mqttv5.common.MqttException exception) {
        exception.printStackTrace();
      }

      public void deliveryComplete(org.eclipse.paho.mqttv5.client.IMqttToken token) {}

      public void connectComplete(boolean again, String uri) {}

      public void authPacketArrived(int code, org.eclipse.paho.mqttv5.common.packet.MqttProperties properties) {}
    });
    client.subscribe(prefix + "/#", 2).waitForCompletion();
    for (int number = 0; number < count; number++) {
      var message = new org.eclipse.paho.mqttv5.common.MqttMessage(payload(number));
      var properties = new org.eclipse.paho.mqttv5.common.packet.MqttProperties();
      properties.getUserProperties().add(new org.eclipse.paho.mqttv5.common.packet.UserProperty("device", "d" + number));
      message.setQos(number % 3);
      message.setProperties(properties);
      client.publish(prefix + "/" + number, message).waitForCompletion();
    }
    await();
    client.disconnect().waitForCompletion();
  }

  static void hivemq3() throws Exception {
    Mqtt3AsyncClient client =
        MqttClient.builder().useMqttVersion3().identifier(prefix).serverHost("127.0.0.1").serverPort(port).buildAsync();
    client.connectWith().cleanSession(false).send().get();
    client
        .subscribeWith()
        .topicFilter(prefix + "/#")
        .qos(MqttQos.EXACTLY_ONCE)
        .callback(m -> got(m.getTopic().toString(), m.getPayloadAsBytes(), m.getQos().getCode(), ""))
        .send()
        .get();
    for (int number = 0; number < count; number++)
      client
          .publishWith()
          .topic(prefix + "/" + number)
          .qos(MqttQos.fromCode(number % 3))
          .payload(payload(number))
          .send()
          .get();
    await();
    client.disconnect().get();
  }

  static void hivemq5() throws Exception {
    Mqtt5AsyncClient client =
        MqttClient.builder().useMqttVersion5().identifier(prefix).serverHost("127.0.0.1").serverPort(port).buildAsync();
    client.connectWith().cleanStart(false).sessionExpiryInterval(3600).send().get();
    client
        .subscribeWith()
        .topicFilter(prefix + "/#")
        .qos(MqttQos.EXACTLY_ONCE)
        .callback(
            m ->
                got(
                    m.getTopic().toString(),
                    m.getPayloadAsBytes(),
                    m.getQos().getCode(),
                    m.getUserProperties().asList().get(0).getValue().toString()))
        .send()
        .get();
    for (int number = 0; number < count; number++)
      client
          .publishWith()
          .topic(prefix + "/" + number)
          .qos(MqttQos.fromCode(number % 3))
          .payload(payload(number))
          .userProperties()
          .add("device", "d" + number)
          .applyUserProperties()
          .send()
          .get();
    await();
    client.disconnect().get();
  }
}
