export * from './home';
export * from './system';
