using System.Globalization;

namespace Store;

/// <summary>The command line.</summary>
internal sealed record StoreOptions(int Bookings = 4000, int Seed = 1, bool Spoil = false)
{
    public const string Usage = """
        Usage: Store [--bookings N] [--seed N] [--spoil]
          --bookings N   deliveries and sales, 400 to 1,000,000 (default 4,000)
          --seed N       decides them (default 1)
          --spoil        damages the window before the verdict, to show that the verdict notices
        """;

    /// <exception cref="ArgumentException">The command line is not as the usage says.</exception>
    public static StoreOptions Parse(IReadOnlyList<string> args)
    {
        var options = new StoreOptions();
        for (var i = 0; i < args.Count; i++)
            options = args[i] switch
            {
                "--bookings" => options with { Bookings = Number(args, ref i, 400, 1_000_000) },
                "--seed" => options with { Seed = Number(args, ref i, 0, 1_000_000) },
                "--spoil" => options with { Spoil = true },
                var unknown => throw new ArgumentException($"'{unknown}' is not known."),
            };
        return options;
    }

    private static int Number(IReadOnlyList<string> args, ref int i, int least, int most)
    {
        var name = args[i];
        return
            i + 1 < args.Count
            && int.TryParse(args[++i], NumberStyles.None, CultureInfo.InvariantCulture, out var value)
            && value >= least
            && value <= most
            ? value
            : throw new ArgumentException($"{name} needs a number from {least} to {most}.");
    }
}
