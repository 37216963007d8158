// What the compiler asks for and netstandard2.0, a compiler plug-in's framework, has not.
#pragma warning disable IDE0130 // the compiler looks for them in these namespaces
namespace System.Runtime.CompilerServices
{
    internal static class IsExternalInit;
}

namespace System
{
    internal readonly struct Index(int value, bool fromEnd = false)
    {
        public int GetOffset(int length) => fromEnd ? length - value : value;
    }
}
