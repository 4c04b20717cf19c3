"""Paho's client for Python: subscribes to PREFIX/#, publishes 30 messages of all QoS there, and prints each that comes back."""

import sys
import threading

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

version, port, prefix = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
count = 30
subscribed, whole = threading.Event(), threading.Event()
got = []


def on_message(client, userdata, message):
    device = message.properties.UserProperty[0][1] if version == 5 else ""
    got.append(f"{message.topic} {message.payload.decode()} {message.qos} {device}")
    if len(got) >= count:
        whole.set()


clean = {} if version == 5 else {"clean_session": False}
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=prefix, protocol=version, **clean)
client.on_message = on_message
client.on_subscribe = lambda *_: subscribed.set()
client.on_connect = lambda *_: client.subscribe(f"{prefix}/#", qos=2)
client.connect("127.0.0.1", port)
client.loop_start()
if not subscribed.wait(60):
    sys.exit("no SUBACK came")
for number in range(count):
    properties = None
    if version == 5:
        properties = Properties(PacketTypes.PUBLISH)
        properties.UserProperty = ("device", f"d{number}")
    client.publish(f"{prefix}/{number}", str(number), number % 3, properties=properties).wait_for_publish(60)
if not whole.wait(60):
    sys.exit(f"{len(got)} of {count} messages came")
client.disconnect()
client.loop_stop()
print("\n".join(got))
