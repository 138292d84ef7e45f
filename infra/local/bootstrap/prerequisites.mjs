import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const javaLowest = 17;
const nodeLowest = 20;

/**
 * What the machine lacks, and the command that installs it, in one line; null when nothing is missing.
 * @param {{ kafka: boolean, env?: NodeJS.ProcessEnv, isRoot?: boolean, nodeVersion?: string, osRelease?: string }} options
 *   `kafka`: whether a Kafka is to be started here, which takes Java, and Maven to fetch it
 */
export function missingPrerequisites({
  kafka,
  env = process.env,
  isRoot = process.getuid?.() === 0,
  nodeVersion = process.versions.node,
  osRelease = readOsRelease(),
}) {
  if (parseInt(nodeVersion) < nodeLowest) {
    return `Node.js ${nodeLowest} or later is needed, and this is ${nodeVersion}: see https://nodejs.org/en/download`;
  }
  if (!kafka) return null;
  const java = javaVersion(env);
  const lacking = [];
  if (java === null || java < javaLowest) lacking.push('java');
  if (findOnPath('mvn', env) === null) lacking.push('maven');
  if (lacking.length === 0) return null;
  const complaints = lacking.map(tool =>
    tool === 'maven'
      ? 'Maven is missing'
      : java === null
        ? `Java ${javaLowest} or later is missing`
        : `Java ${javaLowest} or later is needed, and this is Java ${java}`,
  );
  const command = installCommand(lacking, { env, isRoot, osRelease });
  return `${complaints.join(', and ')} (to run Kafka; or set KAFKA_BROKERS to use yours). Install with: ${command}`;
}

/** The major version of the Java that Kafka would run on; null when there is none that runs. */
function javaVersion(env) {
  // JAVA_HOME wins, as with Maven.
  const java = env.JAVA_HOME ? join(env.JAVA_HOME, 'bin/java') : findOnPath('java', env);
  if (java === null) return null;
  const { status, stderr } = spawnSync(java, ['-version'], { encoding: 'utf8', env });
  // version "17.0.15", "21-ea", or before Java 9 "1.8.0_402".
  const version = status === 0 ? /version "(?:1\.)?(\d+)/.exec(stderr) : null;
  return version === null ? null : Number(version[1]);
}

function findOnPath(program, env) {
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    const path = join(folder, program);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this one.
    }
  }
  return null;
}

/** By package manager: the first that the machine has is taken. */
const packages = [
  { manager: 'apt-get', java: release => `openjdk-${debianJava(release)}-jre-headless`, maven: 'maven' },
  { manager: 'dnf', java: () => 'java-21-openjdk-headless', maven: 'maven' },
  { manager: 'apk', java: () => 'openjdk21-jre-headless', maven: 'maven' },
  { manager: 'pacman', java: () => 'jre21-openjdk-headless', maven: 'maven' },
  { manager: 'zypper', java: () => 'java-21-openjdk-headless', maven: 'maven' },
  { manager: 'brew', java: () => 'openjdk', maven: 'maven' },
];

const commandOf = {
  'apt-get': (names, sudo) => `${sudo}apt-get update && ${sudo}apt-get install -y ${names}`,
  dnf: (names, sudo) => `${sudo}dnf install -y ${names}`,
  apk: (names, sudo) => `${sudo}apk add ${names}`,
  pacman: (names, sudo) => `${sudo}pacman -S --noconfirm ${names}`,
  zypper: (names, sudo) => `${sudo}zypper install -y ${names}`,
  brew: names => `brew install ${names}`,
};

function installCommand(lacking, { env, isRoot, osRelease }) {
  const found = packages.find(({ manager }) => findOnPath(manager, env) !== null);
  if (found === undefined) {
    const pages = { java: 'https://adoptium.net', maven: 'https://maven.apache.org/install.html' };
    return `the packages from ${lacking.map(tool => pages[tool]).join(' and ')}`;
  }
  const names = lacking.map(tool => (tool === 'java' ? found.java(osRelease) : found.maven));
  return commandOf[found.manager](names.join(' '), isRoot ? '' : 'sudo ');
}

/** Debian 13 has no Java 17 any more; Debian 12 and Ubuntu 22.04 have no 21, or not at once. */
function debianJava(release) {
  const debian = /^ID=debian$/m.test(release) && /^VERSION_ID="?(\d+)/m.exec(release);
  return debian && Number(debian[1]) >= 13 ? 21 : 17;
}

function readOsRelease() {
  try {
    return readFileSync('/etc/os-release', 'utf8');
  } catch {
    return '';
  }
}
