using System.Runtime.CompilerServices;

namespace Statecast.Aot;

/// <summary>The program's one assertion. A test framework would bring the reflection whose absence is proven here.</summary>
internal static class Proof
{
    public static void Expect<T>(T expected, T actual, [CallerArgumentExpression(nameof(actual))] string what = "")
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
            throw new InvalidOperationException($"{what} is {actual}, not {expected}.");
    }
}
