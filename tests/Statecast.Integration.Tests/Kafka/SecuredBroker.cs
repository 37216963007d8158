using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Statecast.Kafka;

namespace Statecast.Integration.Tests.Kafka;

/// <summary>
/// A broker that asks everybody who they are: SASL over TLS, TLS with client certificates, and SASL without TLS, all on loopback. Nobody may do anything
/// but by a rule; who comes by the plain listener is the operator.
/// </summary>
public sealed class SecuredBroker : IDisposable
{
    public const string Password = "correct-horse-battery";
    public const string KeyPassword = "staple-of-the-key";

    /// <summary>The users who log in, each with <see cref="Password"/>; the client certificate's is <c>CN=orders</c>.</summary>
    private static readonly string[] Users = ["orders", "shipping"];

    private readonly int[] _ports = FreePorts.Take(5);
    private KafkaCertificates? _certificates;
    private KafkaCluster? _cluster;
    private IAdminClient? _admin;

    internal KafkaCertificates Certificates => _certificates!;

    /// <summary>For the operator.</summary>
    public string Plain => $"127.0.0.1:{_ports[0]}";

    public string SaslTls => $"localhost:{_ports[2]}";

    /// <summary>The same listener by a name that the broker's certificate is not for.</summary>
    public string SaslTlsByAddress => $"127.0.0.1:{_ports[2]}";

    public string MutualTls => $"localhost:{_ports[3]}";

    public string SaslOpen => $"127.0.0.1:{_ports[4]}";

    /// <summary>The broker without any topic or rule, started if it is not yet; skips the test if there is none to be had.</summary>
    public async Task EmptyAsync()
    {
        if (_cluster is null)
            await StartAsync(KafkaFixture.Home);
        await KafkaFixture.EmptyAsync(Plain);
        await _admin!.DeleteAclsAsync([
            new()
            {
                PatternFilter = new() { Type = ResourceType.Any, ResourcePatternType = ResourcePatternType.Any },
                EntryFilter = new() { Operation = AclOperation.Any, PermissionType = AclPermissionType.Any },
            },
        ]);
    }

    /// <summary>Lets a user do something with all topics whose names begin with a text.</summary>
    public async Task GrantAsync(string user, string topics, params IEnumerable<AclOperation> operations) =>
        await _admin!.CreateAclsAsync(operations.Select(o => Rule(user, topics, o)));

    /// <summary>Takes a right back.</summary>
    public async Task RevokeAsync(string user, string topics, AclOperation operation) =>
        await _admin!.DeleteAclsAsync([Rule(user, topics, operation).ToFilter()]);

    /// <summary>Options of a user who logs in over TLS.</summary>
    public KafkaOptions Login(string user, KafkaLogin login = KafkaLogin.ScramSha512, string? servers = null, string password = Password)
    {
        var options = new KafkaOptions { BootstrapServers = servers ?? SaslTls, TopicLookInterval = TimeSpan.FromMilliseconds(200) };
        options.Security.Tls = true;
        options.Security.CaFile = Certificates.Ca;
        (options.Security.Login, options.Security.User, options.Security.Password) = (login, user, password);
        return options;
    }

    public void Dispose()
    {
        _admin?.Dispose();
        _cluster?.Dispose();
        _certificates?.Dispose();
    }

    private async Task StartAsync(string home)
    {
        _certificates = new(KeyPassword);
        _cluster = await KafkaCluster.StartAsync(home, properties: Properties());
        _admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = Plain }).Build();
        // Brokers take one credential of a user at a time.
        foreach (var mechanism in (ScramMechanism[])[ScramMechanism.ScramSha256, ScramMechanism.ScramSha512])
            await _admin.AlterUserScramCredentialsAsync(Users.Select(u => Credential(u, mechanism)));
    }

    private static UserScramCredentialUpsertion Credential(string user, ScramMechanism mechanism) =>
        new()
        {
            User = user,
            ScramCredentialInfo = new() { Mechanism = mechanism, Iterations = 4_096 },
            Password = System.Text.Encoding.UTF8.GetBytes(Password),
        };

    private static AclBinding Rule(string user, string topics, AclOperation operation) =>
        new()
        {
            Pattern = new()
            {
                Type = ResourceType.Topic,
                Name = topics,
                ResourcePatternType = ResourcePatternType.Prefixed,
            },
            Entry = new()
            {
                Principal = $"User:{user}",
                Host = "*",
                Operation = operation,
                PermissionType = AclPermissionType.Allow,
            },
        };

    private string Properties() =>
        $"""
            listeners=PLAINTEXT://127.0.0.1:{_ports[0]},CONTROLLER://127.0.0.1:{_ports[1]},LOGIN://127.0.0.1:{_ports[
                2
            ]},MUTUAL://127.0.0.1:{_ports[3]},OPEN://127.0.0.1:{_ports[4]}
            advertised.listeners=PLAINTEXT://127.0.0.1:{_ports[0]},LOGIN://localhost:{_ports[2]},MUTUAL://localhost:{_ports[
                3
            ]},OPEN://127.0.0.1:{_ports[4]}
            controller.quorum.voters=1@127.0.0.1:{_ports[1]}
            listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,LOGIN:SASL_SSL,MUTUAL:SSL,OPEN:SASL_PLAINTEXT
            ssl.keystore.type=PEM
            ssl.keystore.location={Certificates.Broker}
            ssl.truststore.type=PEM
            ssl.truststore.location={Certificates.Ca}
            listener.name.mutual.ssl.client.auth=required
            sasl.enabled.mechanisms=SCRAM-SHA-512,SCRAM-SHA-256,PLAIN
            {Mechanisms("login")}
            {Mechanisms("open")}
            authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
            super.users=User:ANONYMOUS

            """;

    private static string Mechanisms(string listener) =>
        $"""
            listener.name.{listener}.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
            listener.name.{listener}.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
            listener.name.{listener}.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required {string.Join(
                ' ',
                Users.Select(u => $"user_{u}=\"{Password}\"")
            )};
            """;
}
