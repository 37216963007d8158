namespace Statecast.Benchmarks.Harness;

/// <summary>The child's side of <see cref="ChildProcess"/>.</summary>
internal static class ParentLink
{
    /// <summary>Says ready, then answers commands until the parent closes the link or is gone.</summary>
    /// <param name="answer">Turns a command, split at blanks, into its answer.</param>
    public static async Task ServeAsync(Func<string[], Task<string>> answer)
    {
        Console.WriteLine("ready");
        while (await Console.In.ReadLineAsync() is { } line)
            Console.WriteLine(await answer(line.Split(' ')));
    }
}
