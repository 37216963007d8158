using System.Globalization;
using Shop.Running;
using Shop.Upgrade;

namespace Shop;

/// <summary>The command line.</summary>
internal sealed record ShopOptions
{
    public const string Usage = """
        Usage: Shop [options]

          --orders N     orders placed through the HTTP API, 20 to 1,000,000; default 3,000
          --seed S       decides everything that the customers do; default 1
          --processes    every service in a process of its own, and a kill is a SIGKILL
          --rounds N     kills, one after the other; with --processes of the orders service and of a target, in the midst of their work; default 1
          --restore      one more act: the orders database is restored from an earlier copy, and the targets follow it back
          --upgrade      one more act: the order contract gets a second major, and source and targets move to it one after the other while orders flow
          --serve        starts everything, loads the orders and stays up, until Ctrl+C
          --kafka SERVERS sends over Kafka, as host:port; default the SQLite log
          --rabbitmq URI sends over RabbitMQ, as amqp://user:password@host:port/vhost
          --registry URL with either: states travel in Avro, their schemas in a registry with Confluent's API
          --json         writes one JSON object to standard output, and all else to standard error
          --data DIR     where the databases and the log go: kept, and must be empty; default a directory of its own that is removed at the end
          --keep         keeps that directory
        """;

    public int Orders { get; init; } = 3000;

    public int Seed { get; init; } = 1;

    public bool Processes { get; init; }

    public int Rounds { get; init; } = 1;

    public bool Restore { get; init; }

    public bool Upgrade { get; init; }

    public bool Serve { get; init; }

    public bool Json { get; init; }

    public string? Data { get; init; }

    /// <summary>What the services send over.</summary>
    public ShopCarrier Carrier { get; init; } = new();

    public bool Keep { get; init; }

    /// <summary>The one service that this process is, when another process of this executable started it.</summary>
    public Role? Role { get; init; }

    /// <summary>The generation that the one service runs in.</summary>
    public Generation Generation { get; init; }

    /// <summary>Reads the command line.</summary>
    /// <exception cref="UsageException">It cannot be understood.</exception>
    public static ShopOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new ShopOptions();
        using var rest = arguments.GetEnumerator();
        while (rest.MoveNext())
            options = rest.Current switch
            {
                "--orders" => options with { Orders = Number(rest, 20, 1_000_000) },
                "--seed" => options with { Seed = Number(rest, 0, int.MaxValue) },
                "--processes" => options with { Processes = true },
                "--rounds" => options with { Rounds = Number(rest, 1, 1000) },
                "--restore" => options with { Restore = true },
                "--upgrade" => options with { Upgrade = true },
                "--serve" => options with { Serve = true },
                "--json" => options with { Json = true },
                "--kafka" => options with { Carrier = options.Carrier with { Kafka = Value(rest) } },
                "--rabbitmq" => options with { Carrier = options.Carrier with { RabbitMQ = Value(rest) } },
                "--registry" => options with { Carrier = options.Carrier with { Registry = Value(rest) } },
                "--data" => options with { Data = Value(rest) },
                "--keep" => options with { Keep = true },
                "--role" => options with { Role = RoleFrom(Value(rest)) },
                "--generation" => options with { Generation = GenerationFrom(Value(rest)) },
                var unknown => throw new UsageException($"Unknown option '{unknown}'."),
            };
        if (options.Carrier is { Kafka: not null, RabbitMQ: not null } or { Kafka: null, RabbitMQ: null, Registry: not null })
            throw new UsageException("--kafka or --rabbitmq, not both; --registry goes with either.");
        if (options is { Role: not null, Data: null })
            throw new UsageException("--role needs --data.");
        return options;
    }

    private static string Value(IEnumerator<string> rest)
    {
        var option = rest.Current;
        return rest.MoveNext() && rest.Current.Length > 0 ? rest.Current : throw new UsageException($"{option} needs a value.");
    }

    private static int Number(IEnumerator<string> rest, int least, int most)
    {
        var option = rest.Current;
        return
            int.TryParse(Value(rest), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new UsageException($"{option} needs a whole number from {least} to {most}; it is '{rest.Current}'.");
    }

    private static Role RoleFrom(string name) =>
        Enum.GetValues<Role>().Where(role => RoleHost.NameOf(role) == name).Select(role => (Role?)role).SingleOrDefault()
        ?? throw new UsageException($"There is no service '{name}'.");

    private static Generation GenerationFrom(string name) =>
        Enum.GetValues<Generation>().Where(g => Generations.NameOf(g) == name).Select(g => (Generation?)g).SingleOrDefault()
        ?? throw new UsageException($"There is no generation '{name}'.");
}

/// <summary>The command line cannot be understood.</summary>
internal sealed class UsageException(string message) : Exception(message);
