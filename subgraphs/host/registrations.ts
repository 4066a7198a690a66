import type { Register, Registry } from './registration.ts';
import { registerAtConsul } from './registrations/consul.ts';
import { registerAtEureka } from './registrations/eureka.ts';
import { registerAtZookeeper } from './registrations/zookeeper.ts';

/** The registries that a subgraph can announce itself to. */
export const registrations: { readonly [Kind in Registry['kind']]: Register } = {
  consul: registerAtConsul,
  zookeeper: registerAtZookeeper,
  eureka: registerAtEureka,
};
