/** What Grafana is told at its start: which Prometheus to ask, and where its dashboards are. */
import { stringify } from 'yaml';
import { scrapeInterval } from './scraping.ts';

/** The keys of the ConfigMap; and each has a folder of its own in Grafana's. https://grafana.com/docs/grafana/latest/administration/provisioning/ */
export const provisioningFolders = { 'datasources.yaml': 'datasources', 'dashboards.yaml': 'dashboards' } as const;

/** @param dashboards the folder of the dashboards */
export const provisioningFiles = (prometheusUrl: string, dashboards: string) => ({
  'datasources.yaml': stringify({
    apiVersion: 1,
    datasources: [
      {
        name: 'Prometheus',
        uid: 'prometheus',
        type: 'prometheus',
        access: 'proxy',
        url: prometheusUrl,
        isDefault: true,
        editable: false,
        jsonData: { httpMethod: 'POST', prometheusType: 'Prometheus', timeInterval: scrapeInterval },
      },
    ],
  }),
  'dashboards.yaml': stringify({
    apiVersion: 1,
    providers: [
      {
        name: 'mqtt-kafka-kit',
        orgId: 1,
        folder: 'MQTT to Kafka',
        type: 'file',
        // What is changed by hand would be lost with the Pod. "Save as" gives a copy to take away.
        disableDeletion: true,
        allowUiUpdates: false,
        updateIntervalSeconds: 30,
        options: { path: dashboards },
      },
    ],
  }),
});

/** It speaks to nobody outside of the cluster, and to nobody who has not logged in. */
export const grafanaSettings: Readonly<Record<string, string>> = {
  GF_SECURITY_ADMIN_USER: 'admin',
  GF_SECURITY_DISABLE_GRAVATAR: 'true',
  GF_AUTH_ANONYMOUS_ENABLED: 'false',
  GF_USERS_ALLOW_SIGN_UP: 'false',
  GF_ANALYTICS_REPORTING_ENABLED: 'false',
  GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
  GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: 'false',
  GF_NEWS_NEWS_FEED_ENABLED: 'false',
  GF_SNAPSHOTS_EXTERNAL_ENABLED: 'false',
  GF_PLUGINS_PREINSTALL_DISABLED: 'true',
};
