using System.Globalization;
using PackageCatalog.Running;

namespace PackageCatalog;

/// <summary>The command line.</summary>
internal sealed record CatalogOptions
{
    public const string Usage = """
        Usage: PackageCatalog [options]

          --packages FILE  the index to load: Debian's Packages format or JSON lines, plain or gzip; default the excerpt that comes along, with its updates
          --updates FILE   later states, applied after it
          --remove SECTION removes the packages of a section at the end; default oldlibs (transitional packages)
          --batch N        states in one transaction, 1 to 10,000; default 500
          --kafka SERVERS  sends over Kafka, as host:port; default the SQLite log
          --rabbitmq URI   sends over RabbitMQ, as amqp://user:password@host:port/vhost
          --registry URL   with either: states travel in Avro, their schemas in a registry with Confluent's API
          --json           writes one JSON object to standard output, and all else to standard error
          --data DIR       where the databases and the log go: kept, and must be empty; default a directory of its own that is removed at the end
        """;

    private static readonly string Excerpt = Path.Combine(AppContext.BaseDirectory, "Excerpt");

    public string Packages { get; init; } = Path.Combine(Excerpt, "packages.ndjson");

    public string? Updates { get; init; } = Path.Combine(Excerpt, "updates.Packages");

    public string Remove { get; init; } = "oldlibs";

    public int Batch { get; init; } = 500;

    public bool Json { get; init; }

    public string? Data { get; init; }

    public string? Kafka { get; init; }

    public string? RabbitMQ { get; init; }

    public string? Registry { get; init; }

    /// <summary>The files of a run in a directory, and what it sends over.</summary>
    public CatalogFiles FilesIn(string directory) => new(directory, Kafka, RabbitMQ, Registry);

    /// <summary>Set in the process of the search service.</summary>
    public bool IsSearch { get; init; }

    /// <summary>Reads the command line.</summary>
    /// <exception cref="UsageException">It cannot be understood.</exception>
    public static CatalogOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new CatalogOptions();
        if (arguments.Contains("--packages"))
            options = options with { Updates = null };
        using var rest = arguments.GetEnumerator();
        while (rest.MoveNext())
            options = rest.Current switch
            {
                "--packages" => options with { Packages = Value(rest) },
                "--updates" => options with { Updates = Value(rest) },
                "--remove" => options with { Remove = Value(rest) },
                "--batch" => options with { Batch = Number(rest, 1, 10_000) },
                "--json" => options with { Json = true },
                "--kafka" => options with { Kafka = Value(rest) },
                "--rabbitmq" => options with { RabbitMQ = Value(rest) },
                "--registry" => options with { Registry = Value(rest) },
                "--data" => options with { Data = Value(rest) },
                "--role" => Value(rest) == "search"
                    ? options with
                    {
                        IsSearch = true,
                    }
                    : throw new UsageException($"There is no service '{rest.Current}'."),
                var unknown => throw new UsageException($"Unknown option '{unknown}'."),
            };
        if (options is { Kafka: not null, RabbitMQ: not null } or { Kafka: null, RabbitMQ: null, Registry: not null })
            throw new UsageException("--kafka or --rabbitmq, not both; --registry goes with either.");
        if (options is { IsSearch: true, Data: null })
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
}

/// <summary>The command line cannot be understood.</summary>
internal sealed class UsageException(string message) : Exception(message);
