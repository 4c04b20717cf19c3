"""Runs tests of Eclipse Paho's suite against a server, and prints what became of each as JSON: {name: None, or why it failed}."""

import importlib
import json
import sys
import unittest

folder, port, module_name, prefix = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
sys.path.insert(0, folder)
module = importlib.import_module(module_name)
# What the suite's own command line sets.
module.host, module.port, module.topic_prefix = "127.0.0.1", port, prefix
module.topics = tuple(prefix + topic for topic in ("TopicA", "TopicA/B", "Topic/C", "TopicA/C", "/TopicA"))
module.wildtopics = tuple(prefix + topic for topic in ("TopicA/+", "+/C", "#", "/#", "/+", "+/+", "TopicA/#"))
module.nosubscribe_topics = ("test/nosubscribe",)

names = sys.argv[5:] or unittest.TestLoader().getTestCaseNames(module.Test)
# Their tests of MQTT 3.1.1 write to the standard output.
output, sys.stdout = sys.stdout, sys.stderr
result = unittest.TextTestRunner(verbosity=2).run(unittest.TestSuite(module.Test(name) for name in names))
failed = {test.id().split(".")[-1]: text.strip().split("\n")[-1] for test, text in result.failures + result.errors}
json.dump({**dict.fromkeys(names), **failed}, output)
